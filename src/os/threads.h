// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef _WIN32
#include <sys/single_threaded.h>
#endif

namespace procession::inline v0::detail::os {

/// Whether the calling thread is certainly the only one of this process. May stay false when all
/// other threads have ended; always false where the C library does not tell.
[[nodiscard]] inline bool has_one_thread() noexcept {
#ifdef _WIN32
    return false;
#else
    return __libc_single_threaded != 0;
#endif
}

/// The number of threads of this process now; 0 if the system does not tell.
[[nodiscard]] unsigned count_threads() noexcept;

}  // namespace procession::inline v0::detail::os
