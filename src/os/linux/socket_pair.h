// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/handle.h"
#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

/// Creates two connected Unix sockets of this type, non-blocking and closed on exec.
[[nodiscard]] inline std::error_code create_socket_pair(int type, Handle& one,
                                                        Handle& other) noexcept {
    int ends[2];
    if (calls::socketpair(AF_UNIX, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return calls::last_error();
    one.reset(ends[0]);
    other.reset(ends[1]);
    return {};
}

}  // namespace procession::inline v0::detail::os
