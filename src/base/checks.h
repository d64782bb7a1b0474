// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>

namespace procession::inline v0::detail::base {

[[noreturn]] inline void broken_contract(const char* whose, const char* what, const char* file,
                                         int line) noexcept {
    std::fprintf(stderr, "procession: %s broken at %s:%d: %s\n", whose, file, line, what);
    std::abort();
}

}  // namespace procession::inline v0::detail::base

// EXPECTS checks what the caller must ensure, ENSURES what the library itself must ensure. A failed
// check is a bug and aborts the process. Bytes that another process wrote are not checked this way:
// bad ones are reported as an error.
#define PROCESSION_EXPECTS(condition)                                                      \
    ((condition) ? void()                                                                  \
                 : ::procession::detail::base::broken_contract("precondition", #condition, \
                                                               __FILE__, __LINE__))
#define PROCESSION_ENSURES(condition)                                                             \
    ((condition) ? void()                                                                         \
                 : ::procession::detail::base::broken_contract("invariant", #condition, __FILE__, \
                                                               __LINE__))

// The same where the check costs too much for a release build.
#ifdef NDEBUG
#define PROCESSION_DEBUG_EXPECTS(condition) static_cast<void>(0)
#else
#define PROCESSION_DEBUG_EXPECTS(condition) PROCESSION_EXPECTS(condition)
#endif
