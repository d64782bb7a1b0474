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
#include "procession/handle.h"
#include "procession/native_handle.h"
#include "procession/result.h"

namespace procession {

namespace connection {
class Endpoint;
}

/// Why nothing was received.
enum class RecvError : std::uint8_t {
    timed_out,  // nothing came before the deadline
    ended,      // the peer has ended the connection, and everything has been received
};

/// One end of a connection between two processes, for messages of any kind: bytes, and values of
/// any type that can cross, with the handles and queues in them. Connection<T> is for messages of
/// one type.
///
/// Guarantees:
///   - Messages arrive whole, once, in the order in which they were sent, of any size.
///   - Any number of threads and processes may use one end at the same time.
///   - A process killed in the middle of a message: the message is never taken for another. If it
///     was the only one that held its end, the peer is told (EOFError, or OSError "got end of file
///     during message"); otherwise all are told that the connection is torn.
///
/// A value: a copy is another name of the same end in this process. Given to a child process, sent
/// through another connection or put into a queue, it leads there to the same end. The end is
/// closed when all its holders are gone, or have closed it. A forked child holds all ends that its
/// parent held: close those it does not need, or EOF never comes.
///
/// The bytes are framed as CPython does it, so that the peer may be a Python program.
///
/// Threads: any number, any time.   Python: multiprocessing.connection.Connection
class ByteConnection {
  public:
    /// Sends one message.
    ///
    /// Blocks:     until the system has taken all of it; not until it is received.
    /// Throws:     TimeoutError at the deadline: nothing was sent, or, when part of it was, nothing
    ///             can be sent any more (it is better to make a new connection). OSError when the
    ///             peer is gone (code() is broken_pipe or connection_reset), when this end only
    ///             receives, or when it is torn. ClosedError.
    /// Peer dies:  OSError, at the latest at the second message.
    /// Python:     Connection.send_bytes
    void send_bytes(std::span<const std::byte> message,
                    Deadline deadline = Deadline::never()) const;
    void send_bytes(std::string_view message, Deadline deadline = Deadline::never()) const {
        send_bytes(std::as_bytes(std::span(message)), deadline);
    }
    /// Receives one message. Handles that came with it are closed.
    ///
    /// Blocks:     until all of it has come, or the deadline. What has come by then is kept for the
    ///             next call.
    /// Throws:     EOFError when the peer has ended the connection; TimeoutError; OSError: "got end
    ///             of file during message"; "bad message length" for one of more than `most` bytes,
    ///             after which nothing can be received any more; when this end only sends.
    ///             ClosedError.
    /// Peer dies:  EOFError or OSError, when no other process holds its end.
    /// Python:     Connection.recv_bytes(maxlength)
    [[nodiscard]] std::vector<std::byte> recv_bytes(
        std::size_t most = std::numeric_limits<std::size_t>::max(),
        Deadline deadline = Deadline::never()) const;
    /// recv_bytes() that does not wait, unless it is told to.
    [[nodiscard]] Result<std::vector<std::byte>, RecvError> try_recv_bytes(
        Deadline deadline = Deadline::now()) const;
    /// Receives one message into the caller's memory, without a copy.
    ///
    /// Returns:    its size.
    /// Throws:     BufferTooShort, which has the message; otherwise as recv_bytes().
    /// Python:     Connection.recv_bytes_into(buffer)
    [[nodiscard]] std::size_t recv_bytes_into(std::span<std::byte> space,
                                              Deadline deadline = Deadline::never()) const;

    /// Sends a value as one message of MessagePack. Handles, connections and queues in it arrive as
    /// handles, connections and queues of the receiver's to the same objects.
    ///
    /// Throws:     as send_bytes(); EncodeError, SharingError: nothing was sent.
    /// Python:     Connection.send(obj), which pickles
    template <class T>
    void send(const T& value, Deadline deadline = Deadline::never()) const {
        send_encoded(
            [](Writer& writer, const void* from) { encode(writer, *static_cast<const T*>(from)); },
            &value, deadline);
    }
    /// Receives a value.
    ///
    /// Throws:     as recv_bytes(); DecodeError, TypeMismatch and the like when the message is no
    /// T:
    ///             it is gone, and its handles are closed.
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
    /// Sends a handle of the operating system; the receiver gets one of its own to the same object.
    /// Python: reduction.send_handle(conn, handle, pid)
    void send_handle(NativeHandle handle, Deadline deadline = Deadline::never()) const;
    void send_handle(const Handle& handle, Deadline deadline = Deadline::never()) const {
        send_handle(handle.get(), deadline);
    }
    /// Python: reduction.recv_handle(conn)
    [[nodiscard]] Handle recv_handle(Deadline deadline = Deadline::never()) const {
        return recv<Handle>(deadline);
    }

    /// Whether there is something to receive: a message, the beginning of one, or the end.
    ///
    /// Blocks:     until there is, or the deadline; not at all unless told to.
    /// Throws:     OSError when this end only sends; ClosedError.
    /// Python:     Connection.poll(timeout)
    [[nodiscard]] bool poll(Deadline deadline = Deadline::now()) const;

    /// This process lets go of the end, with all copies of this object; calls that wait end with
    /// ClosedError, within 100 ms. Python: Connection.close()
    void close() const noexcept;
    [[nodiscard]] bool is_closed() const noexcept;
    [[nodiscard]] bool readable() const noexcept;
    [[nodiscard]] bool writable() const noexcept;
    /// For event loops: readable when poll() is true. Do not close, read or write it.
    /// Throws: ClosedError.   Python: Connection.fileno()
    [[nodiscard]] NativeHandle native_handle() const;

    friend bool operator==(const ByteConnection&, const ByteConnection&) = default;

    /// Not for users.
    explicit ByteConnection(std::shared_ptr<connection::Endpoint> endpoint)
        : endpoint_(std::move(endpoint)) {}
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

    std::shared_ptr<connection::Endpoint> endpoint_;
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

}  // namespace procession
