// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/byte_connection.h"

#include <algorithm>

#include "connection/message_handles.h"
#include "connection/shared_end.h"
#include "procession/pipe.h"
#include "transfer/handle_codec.h"
#include "transfer/receive_context.h"
#include "transfer/send_context.h"

namespace procession::inline v0 {

namespace {

using detail::connection::MessageHandles;
using detail::connection::ReceivedMessage;
using detail::connection::SharedEnd;

constexpr std::size_t any_size = std::numeric_limits<std::size_t>::max();
constexpr std::uint8_t can_read = 1;
constexpr std::uint8_t can_write = 2;

[[noreturn]] void throw_recv_error(RecvError why) {
    if (why == RecvError::ended)
        throw EOFError("recv", "connection", "the peer has ended the connection");
    throw TimeoutError("recv", "connection", "no message came before the deadline");
}

void send_or_throw(SharedEnd& end, std::span<const std::byte> message,
                   const detail::os::AncillaryData& ancillary, Deadline deadline) {
    if (!end.send(message, ancillary, deadline))
        throw TimeoutError("send", "connection", "the peer did not receive before the deadline");
}

Result<ReceivedMessage, RecvError> receive(SharedEnd& end, std::size_t most,
                                           std::span<std::byte> space, Deadline deadline) {
    ReceivedMessage received;
    const auto outcome = end.receive(received, most, space, deadline);
    if (!outcome.has_value()) return outcome.error();
    return received;
}

/// Receives a message and closes the handles that came with it.
Result<ReceivedMessage, RecvError> receive_bytes(SharedEnd& end, std::size_t most,
                                                 std::span<std::byte> space, Deadline deadline) {
    auto received = receive(end, most, space, deadline);
    if (received.has_value()) detail::connection::discard_handles(received->ancillary);
    return received;
}

/// Closes a duplicate of this end's handle: see the invariants of SharedEnd.
auto closer_for(std::shared_ptr<SharedEnd> end) {
    return [end = std::move(end)](Handle duplicate) { end->adopt_duplicate(duplicate); };
}

}  // namespace

void ByteConnection::send_bytes(std::span<const std::byte> message, Deadline deadline) const {
    send_or_throw(*end_, message, {}, deadline);
}

void ByteConnection::send_encoded(void (*encode)(Writer&, const void*), const void* value,
                                  Deadline deadline) const {
    detail::transfer::SendContext context;
    Writer writer;
    encode(writer, value);
    MessageHandles handles(*end_, context);
    send_or_throw(*end_, writer.bytes(), handles.ancillary(), deadline);
    handles.mark_sent();
}

void ByteConnection::send_handle(NativeHandle handle, Deadline deadline) const {
    send_encoded(
        [](Writer& writer, const void* value) {
            detail::transfer::encode_handle(writer, *static_cast<const NativeHandle*>(value),
                                            "Handle");
        },
        &handle, deadline);
}

std::vector<std::byte> ByteConnection::recv_bytes(std::size_t most, Deadline deadline) const {
    auto received = receive_bytes(*end_, most, {}, deadline);
    if (!received.has_value()) throw_recv_error(received.error());
    return std::move(received->bytes);
}

Result<std::vector<std::byte>, RecvError> ByteConnection::try_recv_bytes(Deadline deadline) const {
    auto received = receive_bytes(*end_, any_size, {}, deadline);
    if (!received.has_value()) return received.error();
    return std::move(received->bytes);
}

std::size_t ByteConnection::recv_bytes_into(std::span<std::byte> space, Deadline deadline) const {
    auto received = receive_bytes(*end_, any_size, space, deadline);
    if (!received.has_value()) throw_recv_error(received.error());
    if (received->size > space.size()) {
        throw BufferTooShort("recv_bytes_into", "connection",
                             "the message has " + std::to_string(received->size) +
                                 " bytes, there is room for " + std::to_string(space.size()),
                             std::move(received->bytes));
    }
    // Not empty if another call had received the beginning of the message.
    std::copy(received->bytes.begin(), received->bytes.end(), space.begin());
    return received->size;
}

Result<void, RecvError> ByteConnection::try_recv_decoded(void (*decode)(Reader&, void*),
                                                         void* value, Deadline deadline) const {
    auto received = receive(*end_, any_size, {}, deadline);
    if (!received.has_value()) return received.error();
    const detail::transfer::ReceiveContext context(
        detail::connection::take_handles(std::move(received->ancillary)));
    Reader reader(received->bytes, "message of a connection");
    decode(reader, value);
    reader.expect_end();
    return {};
}

void ByteConnection::recv_decoded(void (*decode)(Reader&, void*), void* value,
                                  Deadline deadline) const {
    const auto received = try_recv_decoded(decode, value, deadline);
    if (!received.has_value()) throw_recv_error(received.error());
}

bool ByteConnection::poll(Deadline deadline) const { return end_->poll(deadline); }
void ByteConnection::close() const noexcept { end_->close(); }
bool ByteConnection::is_closed() const noexcept { return end_->is_closed(); }
bool ByteConnection::readable() const noexcept { return end_->readable(); }
bool ByteConnection::writable() const noexcept { return end_->writable(); }
NativeHandle ByteConnection::native_handle() const { return end_->native_handle("fileno"); }

void ByteConnection::encode_handle(Writer& writer) const {
    writer.array(3);
    detail::transfer::encode_handle(writer, end_->native_handle("pass"), "Connection",
                                    closer_for(end_));
    writer.integer(
        static_cast<std::uint8_t>((readable() ? can_read : 0) | (writable() ? can_write : 0)));
    writer.string(end_->label("pass"));
    end_->mark_shared();
}

ByteConnection ByteConnection::decode_handle(Reader& reader) {
    reader.array_of(3);
    const std::uint32_t index = detail::transfer::decode_handle_index(reader, "Connection");
    auto& context = detail::transfer::assert_receiving("Connection");
    Handle end = context.take(index);
    const auto directions = reader.integer<std::uint8_t>();
    if (directions == 0 || directions > (can_read | can_write))
        reader.fail("a connection that neither sends nor receives");
    const std::string_view label = reader.string_view();
    ByteConnection connection(SharedEnd::adopt(std::move(end), (directions & can_read) != 0,
                                               (directions & can_write) != 0, label));
    connection.end_->mark_shared();
    context.close_by(index, closer_for(connection.end_));
    return connection;
}

std::pair<ByteConnection, ByteConnection> make_pipe(bool duplex) {
    Handle one;
    Handle other;
    if (const auto problem = detail::os::create_stream_pair(one, other))
        throw OSError(problem, "make", "pipe", "the system cannot make one");
    auto reader = SharedEnd::adopt(std::move(one), true, duplex);
    auto writer = SharedEnd::adopt(std::move(other), duplex, true);
    if (!duplex) {
        reader->end_sending();
        writer->end_receiving();
    }
    return {ByteConnection(std::move(reader)), ByteConnection(std::move(writer))};
}

}  // namespace procession::inline v0
