// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "procession/byte_connection.h"

namespace procession::inline v0 {

/// One end of a connection between two processes, for messages of type T in both directions. See
/// ByteConnection for the guarantees, and for the other functions.
///
/// Threads: any number, any time.   Python: multiprocessing.connection.Connection
template <class T>
class Connection {
  public:
    using value_type = T;

    /// Both ends must use the same T; a message that is not a T causes a DecodeError.
    explicit Connection(ByteConnection bytes) : bytes_(std::move(bytes)) {}

    /// See ByteConnection::send.
    void send(const T& value, Deadline deadline = Deadline::never()) const {
        bytes_.send(value, deadline);
    }
    /// See ByteConnection::recv.
    [[nodiscard]] T recv(Deadline deadline = Deadline::never()) const {
        return bytes_.template recv<T>(deadline);
    }
    /// See ByteConnection::try_recv.
    [[nodiscard]] Result<T, RecvError> try_recv(Deadline deadline = Deadline::now()) const {
        return bytes_.template try_recv<T>(deadline);
    }
    /// See ByteConnection::poll.
    [[nodiscard]] bool poll(Deadline deadline = Deadline::now()) const {
        return bytes_.poll(deadline);
    }
    void close() const noexcept { bytes_.close(); }
    [[nodiscard]] bool is_closed() const noexcept { return bytes_.is_closed(); }
    [[nodiscard]] NativeHandle native_handle() const { return bytes_.native_handle(); }
    /// The same end, for messages of any kind.
    [[nodiscard]] const ByteConnection& bytes() const noexcept { return bytes_; }

    friend bool operator==(const Connection&, const Connection&) = default;

  private:
    ByteConnection bytes_;
};

template <class T>
struct Codec<Connection<T>> {
    static constexpr bool is_procession_object = true;
    static std::string signature() { return "procession::Connection<" + type_signature<T>() + ">"; }
    static void encode(Writer& writer, const Connection<T>& connection) {
        connection.bytes().encode_handle(writer);
    }
    static Connection<T> decode(Reader& reader) {
        return Connection<T>(ByteConnection::decode_handle(reader));
    }
};

}  // namespace procession::inline v0
