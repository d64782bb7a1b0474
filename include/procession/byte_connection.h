// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "procession/codec.h"
#include "procession/deadline.h"
#include "procession/error.h"
#include "procession/export.h"
#include "procession/handle.h"
#include "procession/native_handle.h"
#include "procession/result.h"

namespace procession::inline v0 {

namespace detail::connection {
class SharedEnd;
}

/// Why nothing was received.
enum class RecvError : std::uint8_t {
    timed_out,  // no message came before the deadline
    ended,      // the peer has ended the connection, and all of its messages have been received
};

/// One end of a connection between two processes, for messages of any kind: bytes, or values of any
/// type that can be passed to another process, including handles and queues. Connection<T> is for
/// messages of one type.
///
/// Guarantees:
///   - Messages of any size arrive whole, once, and in the order in which they were sent.
///   - Any number of threads and processes may use one end at the same time.
///   - If a process is killed in the middle of a message, no receiver takes the rest for another
///     message. If that process was the only holder of its end, the peer gets EOFError, or OSError
///     "got end of file during message". Otherwise the connection is torn: another holder of that
///     end gets an OSError that says so when it next uses the same direction, and this ends the
///     connection for the peer and for all holders.
///
/// A copy refers to the same end. An object that was given to a child process, sent through another
/// connection or put into a queue refers to the same end in the receiving process. The end is
/// closed when all of its holders have closed it or ended. A forked child holds all ends that its
/// parent held: it should close those it does not need, or the peer never gets EOF.
///
/// The framing is that of CPython, so the peer may be a Python program.
///
/// Threads: any number, any time.   Python: multiprocessing.connection.Connection
class PROCESSION_EXPORT ByteConnection {
  public:
    /// Sends one message.
    ///
    /// Blocks:     until the system has accepted the whole message, not until the peer receives it.
    /// Throws:     TimeoutError at the deadline. Then either nothing was sent, or a part was sent
    ///             and this end can send nothing more: make a new connection. OSError when the peer
    ///             is gone (code() is broken_pipe or connection_reset), when this end can only
    ///             receive, or when the connection is torn. ClosedError.
    /// Peer dies:  OSError, at the latest for the second message after that, if no other process
    ///             holds the peer's end.
    /// Python:     Connection.send_bytes
    void send_bytes(std::span<const std::byte> message,
                    Deadline deadline = Deadline::never()) const;
    void send_bytes(std::string_view message, Deadline deadline = Deadline::never()) const {
        send_bytes({reinterpret_cast<const std::byte*>(message.data()), message.size()}, deadline);
    }
    /// Receives one message. Handles that come with it are closed.
    ///
    /// Blocks:     until the whole message has arrived, or the deadline. At the deadline, the part
    ///             that has arrived is kept for the next call.
    /// Throws:     EOFError when the peer has ended the connection. TimeoutError at the deadline.
    ///             OSError "got end of file during message"; OSError "bad message length" for a
    ///             message of more than `most` bytes, after which this end can receive nothing
    ///             more; OSError when this end can only send, or when the connection is torn.
    ///             ClosedError.
    /// Peer dies:  EOFError or OSError, if no other process holds the peer's end.
    /// Python:     Connection.recv_bytes(maxlength)
    [[nodiscard]] std::vector<std::byte> recv_bytes(
        std::size_t most = std::numeric_limits<std::size_t>::max(),
        Deadline deadline = Deadline::never()) const;
    /// Like recv_bytes(), but by default does not wait.
    [[nodiscard]] Result<std::vector<std::byte>, RecvError> try_recv_bytes(
        Deadline deadline = Deadline::now()) const;
    /// Receives one message into the caller's memory, without a copy.
    ///
    /// Returns:    the size of the message.
    /// Throws:     BufferTooShort, which contains the message; otherwise as recv_bytes().
    /// Python:     Connection.recv_bytes_into(buffer)
    [[nodiscard]] std::size_t recv_bytes_into(std::span<std::byte> space,
                                              Deadline deadline = Deadline::never()) const;

    /// Sends a value as one message in MessagePack. For the handles, connections and queues in it,
    /// the receiver gets its own, which refer to the same objects.
    ///
    /// Throws:     as send_bytes(); EncodeError, SharingError when nothing was sent.
    /// Python:     Connection.send(obj), which pickles
    template <class T>
    void send(const T& value, Deadline deadline = Deadline::never()) const {
        send_encoded(
            [](Writer& writer, const void* from) { encode(writer, *static_cast<const T*>(from)); },
            &value, deadline);
    }
    /// Receives a value.
    ///
    /// Throws:     as recv_bytes(). DecodeError when the message is not a T; TypeMismatch,
    ///             VersionMismatch, CorruptSegment, SharingError or OSError when this process
    ///             cannot open a handle or queue in it. After these the message is lost, and its
    ///             handles are closed.
    /// Python:     Connection.recv()
    template <class T>
    [[nodiscard]] T recv(Deadline deadline = Deadline::never()) const {
        std::optional<T> value;
        recv_decoded(&into<T>, &value, deadline);
        return std::move(*value);
    }
    /// Returns:    the value, or timed_out | ended.   Throws: otherwise as recv().
    template <class T>
    [[nodiscard]] Result<T, RecvError> try_recv(Deadline deadline = Deadline::now()) const {
        std::optional<T> value;
        const auto received = try_recv_decoded(&into<T>, &value, deadline);
        if (!received.has_value()) return received.error();
        return std::move(*value);
    }
    /// Sends a handle of the operating system. The receiver gets its own handle to the same object.
    /// Python: reduction.send_handle(conn, handle, pid)
    void send_handle(NativeHandle handle, Deadline deadline = Deadline::never()) const;
    void send_handle(const Handle& handle, Deadline deadline = Deadline::never()) const {
        send_handle(handle.get(), deadline);
    }
    /// Python: reduction.recv_handle(conn)
    [[nodiscard]] Handle recv_handle(Deadline deadline = Deadline::never()) const {
        return recv<Handle>(deadline);
    }

    /// Whether there is something to receive: a message, the beginning of one, or the end of the
    /// connection. After the beginning of a message, recv() may still wait for the rest.
    ///
    /// Blocks:     until there is, or the deadline; by default not at all.
    /// Throws:     OSError when this end can only send; ClosedError.
    /// Python:     Connection.poll(timeout)
    [[nodiscard]] bool poll(Deadline deadline = Deadline::now()) const;

    /// Closes the end for this process, with all copies of this object. Calls that are waiting
    /// throw ClosedError within 100 ms. Python: Connection.close()
    void close() const noexcept;
    [[nodiscard]] bool is_closed() const noexcept;
    [[nodiscard]] bool readable() const noexcept;
    [[nodiscard]] bool writable() const noexcept;
    /// A handle for event loops, readable when poll() is true. Do not close, read or write it.
    /// Throws: ClosedError.   Python: Connection.fileno()
    [[nodiscard]] NativeHandle native_handle() const;

    friend bool operator==(const ByteConnection&, const ByteConnection&) = default;

    /// Not for users.
    explicit ByteConnection(std::shared_ptr<detail::connection::SharedEnd> end)
        : end_(std::move(end)) {}
    void encode_handle(Writer& writer) const;
    [[nodiscard]] static ByteConnection decode_handle(Reader& reader);

  private:
    template <class T>
    static void into(Reader& reader, void* value) {
        static_cast<std::optional<T>*>(value)->emplace(decode<T>(reader));
    }
    void send_encoded(void (*encode)(Writer& writer, const void* value), const void* value,
                      Deadline deadline) const;
    void recv_decoded(void (*decode)(Reader& reader, void* value), void* value,
                      Deadline deadline) const;
    [[nodiscard]] Result<void, RecvError> try_recv_decoded(void (*decode)(Reader& reader,
                                                                          void* value),
                                                           void* value, Deadline deadline) const;

    std::shared_ptr<detail::connection::SharedEnd> end_;
};

template <>
struct Codec<ByteConnection> {
    static constexpr bool is_procession_object = true;
    static constexpr std::string_view signature = "procession::ByteConnection";
    static void encode(Writer& writer, const ByteConnection& connection) {
        connection.encode_handle(writer);
    }
    static ByteConnection decode(Reader& reader) { return ByteConnection::decode_handle(reader); }
};

}  // namespace procession::inline v0
