// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <system_error>

#include "os/handle.h"

namespace procession::inline v0::detail::os {

/// A set of handles that one handle stands for: that handle is readable while a member is. So an
/// event loop watches one handle, while members come and go.
///
/// Each member must be removed before its handle is closed: as long as any process has the same
/// object open, it would stay in the set.
/// Fork: the child's copy is the same set. The child makes a new one, and must not change this one.
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
    /// For systems that do not keep the set's readiness up to date themselves. refresh() must be
    /// called before each wait, and begin_look() before the members are checked. What happens after
    /// begin_look() makes the set ready at the next refresh().
    void refresh() noexcept;
    void begin_look() noexcept;
    void close() noexcept;

    [[nodiscard]] NativeHandle native_handle() const noexcept;

  private:
    struct Impl;  // one for each platform

    std::unique_ptr<Impl> impl_;
};

}  // namespace procession::inline v0::detail::os
