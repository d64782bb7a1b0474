// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef _WIN32
#include <sys/single_threaded.h>
#endif

namespace procession::os {

/// Whether this process certainly has no other thread than the calling one. False after the first
/// other one has begun, for a while or for ever; always false where the C library does not tell.
[[nodiscard]] inline bool has_one_thread() noexcept {
#ifdef _WIN32
    return false;
#else
    return __libc_single_threaded != 0;
#endif
}

/// How many threads this process has now; 0 when the system does not tell.
[[nodiscard]] unsigned count_threads() noexcept;

}  // namespace procession::os
