// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <system_error>

#include "os/handle.h"

namespace procession::os {

/// A changing set of handles behind one handle, which is readable while a member is: an event loop
/// watches that handle, and need not know the members.
///
/// Each handle that add() took is given to remove() before it is closed: other holders of the same
/// object would keep it in the set.
/// Fork: the child's copy is the same set. It makes a new one, and leaves its parent's alone.
class ReadySet {
  public:
    ReadySet() noexcept;
    ~ReadySet();
    ReadySet(ReadySet&& other) noexcept;
    ReadySet& operator=(ReadySet&& other) noexcept;
    ReadySet(const ReadySet&) = delete;
    ReadySet& operator=(const ReadySet&) = delete;

    [[nodiscard]] std::error_code create() noexcept;
    [[nodiscard]] std::error_code add(NativeHandle member) noexcept;
    void remove(NativeHandle member) noexcept;
    /// Where the system does not keep the set's readiness up to date, these do. refresh() is called
    /// before each wait, begin_look() before the members are looked at. An event after begin_look()
    /// makes the set ready at the next refresh().
    void refresh() noexcept;
    void begin_look() noexcept;
    void close() noexcept;

    [[nodiscard]] NativeHandle native_handle() const noexcept { return set_.get(); }

  private:
    struct Rest;  // what a system needs besides the handle

    Handle set_;
    std::unique_ptr<Rest> rest_;
};

}  // namespace procession::os
