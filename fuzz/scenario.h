// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "procession/queue_options.h"

#include "fuzz/memory_image.h"
#include "queue/state.h"

namespace procession::fuzz {

/// A queue with a bit of everything in it (small and large items, several chunks, leases, returned
/// items, dead letters), as its only participant left it when it died at its `step`-th protocol
/// step. In a build without kill points it always died at the end.
[[nodiscard]] const MemoryImage& image_of_death(QueueKind kind, unsigned step);

}  // namespace procession::fuzz
