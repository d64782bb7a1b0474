// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <system_error>

#include "os/handle.h"

namespace procession::os {

/// A flag of this process that poll(), epoll and their like can wait for: readable while set.
///
/// Threads: any.   Fork: the child has a descriptor of the same flag; it must leave it alone.
class Event {
  public:
    [[nodiscard]] std::error_code open() noexcept;
    void set() noexcept;
    void clear() noexcept;
    [[nodiscard]] NativeHandle native() const noexcept { return handle_.get(); }

  private:
    Handle handle_;
};

}  // namespace procession::os
