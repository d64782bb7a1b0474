// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "procession/codec.h"
#include "procession/export.h"
#include "procession/native_handle.h"

namespace procession::inline v0 {

/// Owns one handle of the operating system: an open file, a socket, an end of a pipe, shared
/// memory. The destructor closes it. Move-only. Every handle that Procession creates is closed on
/// exec.
///
/// It may be given to a child process, sent through a Connection, or put into a Queue, alone or as
/// a field or an element. The receiver gets its own handle to the same object; both handles share
/// the state of the object, such as the position in a file. The sender keeps its handle.
///
/// There is no operator bool, because descriptor 0 is valid.
///
/// Threads: like any value.   Fork: the child has its own copy of the descriptor and closes that.
/// Python:  multiprocessing.reduction.DupFd, DupHandle
class PROCESSION_EXPORT Handle {
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
    /// Closes the handle that it owns, if any, and takes ownership of `owned`. Preserves errno.
    /// Async-signal-safe.
    void reset(NativeHandle owned = no_handle) noexcept;

    /// Returns:  another handle to the same open object (shared file position), closed on exec.
    /// Throws:   OSError, e.g. when the process has too many open files.
    [[nodiscard]] Handle duplicate() const { return duplicate_of(native_); }
    /// The same for a handle that this object does not own.
    [[nodiscard]] static Handle duplicate_of(NativeHandle borrowed);

  private:
    NativeHandle native_ = no_handle;
};

namespace detail::transfer {

/// Adds a handle to the message that this thread is encoding for another process. `type` is for the
/// error. Not for users.
/// Throws:  SharingError when this thread is not encoding such a message; OSError.
PROCESSION_EXPORT void encode_handle(Writer& writer, NativeHandle handle, std::string_view type);
/// Throws:  SharingError when this thread is not decoding such a message; DecodeError; OSError.
[[nodiscard]] PROCESSION_EXPORT Handle decode_handle(Reader& reader, std::string_view type);

}  // namespace detail::transfer

/// An invalid handle arrives as an invalid handle.
template <>
struct Codec<Handle> {
    static constexpr bool is_procession_object = true;
    static constexpr std::string_view signature = "procession::Handle";
    static void encode(Writer& writer, const Handle& handle) {
        if (!handle.valid()) return writer.nil();
        detail::transfer::encode_handle(writer, handle.get(), "Handle");
    }
    static Handle decode(Reader& reader) {
        if (reader.skip_nil()) return {};
        return detail::transfer::decode_handle(reader, "Handle");
    }
};

}  // namespace procession::inline v0
