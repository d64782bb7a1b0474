// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "procession/codec.h"
#include "procession/native_handle.h"

namespace procession {

/// Owns one handle of the operating system: an open file, a socket, an end of a pipe, a piece of
/// memory. Its destructor closes it. Move-only. Every handle made here is closed on exec.
///
/// It may be given to a child process, sent through a Connection, or put into a Queue, alone or as
/// a field or element. The receiver gets a handle of its own to the same object: what belongs to
/// the object, such as the position in a file, is shared. The sender keeps its own.
///
/// There is no operator bool: descriptor 0 is a valid one.
///
/// Threads: like any value.   Fork: the child has its own copy of the descriptor and closes that.
/// Python:  multiprocessing.reduction.DupFd, DupHandle
class Handle {
  public:
    Handle() noexcept = default;
    /// Takes ownership.
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

namespace transfer {

/// Into the message that this thread builds for another process, as a handle that travels beside
/// it; `type` is for the error. Not for users.
/// Throws:  SharingError when this thread builds no such message; OSError.
void encode_handle(Writer& writer, NativeHandle handle, std::string_view type);
/// Throws:  SharingError when no such message is being read; DecodeError; OSError.
[[nodiscard]] Handle decode_handle(Reader& reader, std::string_view type);

}  // namespace transfer

/// An invalid handle crosses as one.
template <>
struct Codec<Handle> {
    static constexpr bool is_procession_object = true;
    static constexpr std::string_view signature = "procession::Handle";
    static void encode(Writer& writer, const Handle& handle) {
        if (!handle.valid()) return writer.nil();
        transfer::encode_handle(writer, handle.get(), "Handle");
    }
    static Handle decode(Reader& reader) {
        if (reader.skip_nil()) return {};
        return transfer::decode_handle(reader, "Handle");
    }
};

}  // namespace procession
