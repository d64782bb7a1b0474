// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// A flag that poll(), epoll and the like can wait for: it is readable while it is set.
///
/// Threads: any.   Fork: the child's copy refers to the same flag, and must not be used.
class Event {
  public:
    [[nodiscard]] std::error_code open() noexcept;
    void set() noexcept;
    void clear() noexcept;
    [[nodiscard]] NativeHandle native() const noexcept { return handle_.get(); }

  private:
    Handle handle_;
};

}  // namespace procession::inline v0::detail::os
