// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/single_threaded.h>

namespace procession::os {

/// Whether this process certainly has no other thread than the calling one. False after the first
/// other one has begun, for a while or for ever.
[[nodiscard]] inline bool has_one_thread() noexcept { return __libc_single_threaded != 0; }

/// How many threads this process has now; 0 when the system does not tell.
[[nodiscard]] unsigned count_threads() noexcept;

}  // namespace procession::os
