// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::os {

/// The operating system's name for an open object: a file descriptor on Linux.
using NativeHandle = int;
inline constexpr NativeHandle no_handle = -1;

/// Owns one native handle; its destructor closes it. Move-only. Every handle made here is closed on
/// exec.
///
/// There is no operator bool: descriptor 0 is a valid one.
///
/// Threads: like any value.   Fork: the child has its own copy of the descriptor and closes that.
class Handle {
  public:
    Handle() noexcept = default;
    explicit Handle(NativeHandle owned) noexcept : native_(owned) {}
    Handle(Handle&& other) noexcept : native_(other.release()) {}
    Handle& operator=(Handle&& other) noexcept {
        if (this != &other) reset(other.release());
        return *this;
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() { reset(); }

    [[nodiscard]] NativeHandle get() const noexcept { return native_; }
    [[nodiscard]] bool valid() const noexcept { return native_ != no_handle; }
    /// Gives up ownership: the caller closes it.
    [[nodiscard]] NativeHandle release() noexcept {
        const NativeHandle released = native_;
        native_ = no_handle;
        return released;
    }
    /// Closes what is owned, if anything, and owns `owned` from now on. Keeps errno.
    /// Async-signal-safe.
    void reset(NativeHandle owned = no_handle) noexcept;

    /// Returns:  another handle to the same open object (shared file position), closed on exec.
    /// Throws:   OSError, e.g. when the process has too many open files.
    [[nodiscard]] Handle duplicate() const { return duplicate_of(native_); }
    /// The same for a handle owned by someone else.
    [[nodiscard]] static Handle duplicate_of(NativeHandle borrowed);

  private:
    NativeHandle native_ = no_handle;
};

}  // namespace procession::os
