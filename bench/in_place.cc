// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "contestants.h"

namespace procession::bench {

// The place for a contestant whose put() loans a block of `which.bytes`, writes one word in each
// of its ends and publishes it, and whose take() borrows it and reads these words. The cases that
// use it, 4 KiB and 16 MiB, are in throughput_work.cc; nothing else has to change.
Contestants make_in_place(const Case& /*which*/) { return {}; }

}  // namespace procession::bench
