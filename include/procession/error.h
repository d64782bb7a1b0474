// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "procession/export.h"

namespace procession::inline v0 {

/// The base of all exception types of Procession. (std::bad_alloc may be thrown too.) `operation()`
/// names the attempted operation, and `object()` its object. `code()` is the operating system's
/// error, or a std::errc such as timed_out, or zero if there is no code. `what()` is a full
/// sentence.
///
/// Each derived type stands for one reaction of the caller, which its comment names. Copying never
/// throws, so that std::exception_ptr and a catch by value are safe when memory is short.
class PROCESSION_EXPORT Error : public std::system_error {
  public:
    Error(std::error_code code, std::string_view operation, std::string_view object,
          std::string_view message);
    // No move: an error that was moved from would have no text.
    Error(const Error&) noexcept = default;
    Error& operator=(const Error&) noexcept = default;
    ~Error() override = default;

    [[nodiscard]] const char* what() const noexcept override { return text_->what.c_str(); }
    [[nodiscard]] const std::string& operation() const noexcept { return text_->operation; }
    [[nodiscard]] const std::string& object() const noexcept { return text_->object; }

  private:
    struct Text {
        std::string operation;
        std::string object;
        std::string what;
    };
    std::shared_ptr<const Text> text_;
};

/// The caller made a mistake: correct the argument or the order of calls. Python: ValueError.
class PROCESSION_EXPORT ValueError : public Error {
  public:
    ValueError(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// This process has closed the object: receive it again from another process, or make a new one.
/// Python: ValueError("... is closed").
class PROCESSION_EXPORT ClosedError : public ValueError {
  public:
    using ValueError::ValueError;
};

/// The deadline passed before the call could do its work: try again later. Full, Empty and
/// PeerStopped say what it waited for. From a connection or listener: the peer has not sent,
/// received, connected or accepted in time. Python: TimeoutError.
class PROCESSION_EXPORT TimeoutError : public Error {
  public:
    TimeoutError(std::string_view operation, std::string_view object, std::string_view message)
        : Error(std::make_error_code(std::errc::timed_out), operation, object, message) {}
};

/// No space before the deadline: slow down, or wait longer. Python: queue.Full.
class PROCESSION_EXPORT Full : public TimeoutError {
  public:
    using TimeoutError::TimeoutError;
};

/// No item before the deadline: come back later. Python: queue.Empty.
class PROCESSION_EXPORT Empty : public TimeoutError {
  public:
    using TimeoutError::TimeoutError;
};

/// Another participant is stopped (SIGSTOP, a debugger) or very slow inside the object, and kept
/// this call from its work: let that process continue, or kill it, and try again.
/// Python: TimeoutError.
class PROCESSION_EXPORT PeerStopped : public TimeoutError {
  public:
    using TimeoutError::TimeoutError;
};

/// The queue was shut down: stop producing or consuming. Python: queue.ShutDown.
class PROCESSION_EXPORT ShutDown : public Error {
  public:
    ShutDown(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// The object cannot be passed to another process this way: pass it as the message says.
class PROCESSION_EXPORT SharingError : public Error {
  public:
    SharingError(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// The value cannot be encoded, and nothing was enqueued: correct the value.
class PROCESSION_EXPORT EncodeError : public Error {
  public:
    EncodeError(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// The bytes are not a value of the expected type. If they came from a queue, they are in its dead
/// letters.
class PROCESSION_EXPORT DecodeError : public Error {
  public:
    DecodeError(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// The shared object holds another element type: attach with the type that the message names.
class PROCESSION_EXPORT TypeMismatch : public Error {
  public:
    TypeMismatch(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// The shared object was made by an incompatible build: run the same version in all processes.
class PROCESSION_EXPORT VersionMismatch : public Error {
  public:
    VersionMismatch(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// Shared memory contains values that no correct participant writes: abandon this object, and make
/// a new one.
class PROCESSION_EXPORT CorruptSegment : public Error {
  public:
    CorruptSegment(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// There is no more memory, or the queue's limit was reached, and nothing was enqueued: take items
/// out, or raise the limit. Python: MemoryError.
class PROCESSION_EXPORT MemoryError : public Error {
  public:
    MemoryError(std::error_code code, std::string_view operation, std::string_view object,
                std::string_view message)
        : Error(code, operation, object, message) {}
};

/// A process could not be started or signalled, or this process cannot use a shared object now (it
/// has too many participants, or an operation of this process was cut short): see the message. It
/// is also the type in Process::exception() of a child that could not decode its arguments.
class PROCESSION_EXPORT ProcessError : public Error {
  public:
    ProcessError(std::error_code code, std::string_view operation, std::string_view object,
                 std::string_view message)
        : Error(code, operation, object, message) {}
};

/// The function of a child process ended by an exception: type() is its readable name, as
/// "std::runtime_error", and what() contains its text. See ProcessFuture::get().
class PROCESSION_EXPORT ChildError : public Error {
  public:
    ChildError(std::string_view process, std::string_view type, std::string_view message);
    [[nodiscard]] const std::string& type() const noexcept { return *type_; }

  private:
    std::shared_ptr<const std::string> type_;
};

/// The peer has ended the connection, and all of its messages have been received: stop receiving.
/// Python: EOFError.
class PROCESSION_EXPORT EOFError : public Error {
  public:
    EOFError(std::string_view operation, std::string_view object, std::string_view message)
        : Error({}, operation, object, message) {}
};

/// The message is longer than the space for it. This exception contains the whole message.
/// Python: multiprocessing.BufferTooShort, whose args[0] is the message.
class PROCESSION_EXPORT BufferTooShort : public Error {
  public:
    BufferTooShort(std::string_view operation, std::string_view object, std::string_view text,
                   std::vector<std::byte> message);
    [[nodiscard]] const std::vector<std::byte>& message() const noexcept { return *message_; }

  private:
    std::shared_ptr<const std::vector<std::byte>> message_;
};

/// The peer has not proved that it knows the key: give both sides the same key. Or the listener
/// belongs to another user. Python: multiprocessing.AuthenticationError.
class PROCESSION_EXPORT AuthenticationError : public Error {
  public:
    AuthenticationError(std::string_view operation, std::string_view object,
                        std::string_view message)
        : Error({}, operation, object, message) {}
};

/// The operating system refused: `code()` says why.
class PROCESSION_EXPORT OSError : public Error {
  public:
    OSError(std::error_code code, std::string_view operation, std::string_view object,
            std::string_view message)
        : Error(code, operation, object, message) {}
};

}  // namespace procession::inline v0
