// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/byte_connection.h"

#include "connection/endpoint.h"
#include "connection/luggage.h"
#include "procession/pipe.h"
#include "transfer/handle_codec.h"
#include "transfer/receive_context.h"
#include "transfer/send_context.h"

namespace procession {

namespace {

using connection::Luggage;
using connection::Outcome;
using connection::Received;

constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();
constexpr std::uint8_t can_read = 1;
constexpr std::uint8_t can_write = 2;

RecvError reason(Outcome outcome) {
    return outcome == Outcome::ended ? RecvError::ended : RecvError::timed_out;
}

[[noreturn]] void refuse(RecvError why) {
    if (why == RecvError::ended) {
        throw EOFError("recv", "connection", "the peer has ended the connection");
    }
    throw TimeoutError("recv", "connection", "no message came before the deadline");
}

// The other end of keep(): see the invariants of Endpoint.
auto closer_for(std::shared_ptr<connection::Endpoint> endpoint) {
    return [endpoint = std::move(endpoint)](Handle surplus) { endpoint->keep(surplus); };
}

}  // namespace

void ByteConnection::send_bytes(std::span<const std::byte> message, Deadline deadline) const {
    if (endpoint_->send(message, {}, deadline) == Outcome::timed_out)
        throw TimeoutError("send", "connection", "the peer did not receive before the deadline");
}

void ByteConnection::send_encoded(void (*encode)(Writer&, const void*), const void* value,
                                  Deadline deadline) const {
    transfer::SendContext context;
    Writer writer;
    encode(writer, value);
    Luggage luggage(*endpoint_, context);
    if (endpoint_->send(writer.bytes(), luggage.beside(), deadline) == Outcome::timed_out)
        throw TimeoutError("send", "connection", "the peer did not receive before the deadline");
    luggage.leave_to_message();
}

void ByteConnection::send_handle(NativeHandle handle, Deadline deadline) const {
    send_encoded(
        [](Writer& writer, const void* value) {
            transfer::encode_handle(writer, *static_cast<const NativeHandle*>(value), "Handle");
        },
        &handle, deadline);
}

std::vector<std::byte> ByteConnection::recv_bytes(std::size_t most, Deadline deadline) const {
    Received received;
    const Outcome outcome = endpoint_->receive(received, most, {}, deadline);
    if (outcome != Outcome::done) refuse(reason(outcome));
    connection::leave_behind(received.beside);
    return std::move(received.bytes);
}

Result<std::vector<std::byte>, RecvError> ByteConnection::try_recv_bytes(Deadline deadline) const {
    Received received;
    const Outcome outcome = endpoint_->receive(received, any_size, {}, deadline);
    if (outcome != Outcome::done) return reason(outcome);
    connection::leave_behind(received.beside);
    return std::move(received.bytes);
}

std::size_t ByteConnection::recv_bytes_into(std::span<std::byte> space, Deadline deadline) const {
    Received received;
    const Outcome outcome = endpoint_->receive(received, any_size, space, deadline);
    if (outcome != Outcome::done) refuse(reason(outcome));
    connection::leave_behind(received.beside);
    if (received.size > space.size()) {
        throw BufferTooShort("recv_bytes_into", "connection",
                             "the message has " + std::to_string(received.size) +
                                 " bytes, there is room for " + std::to_string(space.size()),
                             std::move(received.bytes));
    }
    // It was begun by another call, into memory of its own.
    std::copy(received.bytes.begin(), received.bytes.end(), space.begin());
    return received.size;
}

Result<void, RecvError> ByteConnection::try_recv_decoded(void (*decode)(Reader&, void*),
                                                         void* value, Deadline deadline) const {
    Received received;
    const Outcome outcome = endpoint_->receive(received, any_size, {}, deadline);
    if (outcome != Outcome::done) return reason(outcome);
    const transfer::ReceiveContext context(connection::collect(std::move(received.beside)));
    Reader reader(received.bytes, "message of a connection");
    decode(reader, value);
    reader.expect_end();
    return {};
}

void ByteConnection::recv_decoded(void (*decode)(Reader&, void*), void* value,
                                  Deadline deadline) const {
    const auto received = try_recv_decoded(decode, value, deadline);
    if (!received.has_value()) refuse(received.error());
}

bool ByteConnection::poll(Deadline deadline) const { return endpoint_->poll(deadline); }
void ByteConnection::close() const noexcept { endpoint_->close(); }
bool ByteConnection::is_closed() const noexcept { return endpoint_->is_closed(); }
bool ByteConnection::readable() const noexcept { return endpoint_->readable(); }
bool ByteConnection::writable() const noexcept { return endpoint_->writable(); }
NativeHandle ByteConnection::native_handle() const { return endpoint_->native_handle("fileno"); }

void ByteConnection::encode_handle(Writer& writer) const {
    writer.array(3);
    transfer::encode_handle(writer, endpoint_->native_handle("pass"), "Connection",
                            closer_for(endpoint_));
    writer.integer(
        static_cast<std::uint8_t>((readable() ? can_read : 0) | (writable() ? can_write : 0)));
    writer.string(endpoint_->label("pass"));
    endpoint_->share();
}

ByteConnection ByteConnection::decode_handle(Reader& reader) {
    reader.array_of(3);
    const std::uint32_t index = transfer::decode_handle_index(reader, "Connection");
    auto& context = transfer::assert_receiving("Connection");
    Handle end = context.take(index);
    const auto directions = reader.integer<std::uint8_t>();
    if (directions == 0 || directions > (can_read | can_write))
        reader.fail("a connection that neither sends nor receives");
    const std::string_view label = reader.string_view();
    ByteConnection connection(connection::Endpoint::adopt(
        std::move(end), (directions & can_read) != 0, (directions & can_write) != 0, label));
    connection.endpoint_->share();
    context.close_by(index, closer_for(connection.endpoint_));
    return connection;
}

std::pair<ByteConnection, ByteConnection> Pipe(bool duplex) {
    Handle one;
    Handle other;
    if (const auto problem = os::create_stream(one, other))
        throw OSError(problem, "make", "pipe", "the system cannot make one");
    using connection::Endpoint;
    auto reader = Endpoint::adopt(std::move(one), true, duplex);
    auto writer = Endpoint::adopt(std::move(other), duplex, true);
    if (!duplex) {
        reader->end_sending();
        writer->end_receiving();
    }
    return {ByteConnection(std::move(reader)), ByteConnection(std::move(writer))};
}

}  // namespace procession
