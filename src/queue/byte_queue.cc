// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/byte_queue.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/logging.h"
#include "procession/error.h"
#include "queue/outcome.h"
#include "queue/shared_queue.h"
#include "transfer/broker_client.h"
#include "transfer/receive_context.h"
#include "transfer/send_context.h"

namespace procession::inline v0 {

namespace {

// In MessagePack: an extension of this type, with the array of the broker's name and the token.
constexpr std::int8_t kDepositKeyExtension = 0x51;

DepositKey deposit_key(Reader& reader) {
    std::int8_t type = 0;
    const auto bytes = reader.extension(type);
    if (type != kDepositKeyExtension) reader.fail("expected where the handles of an item wait");
    Reader inside(bytes, "deposit of an item");
    inside.array_of(2);
    DepositKey name;
    name.broker = inside.string();
    const auto token = inside.binary();
    if (token.size() != name.token.size()) inside.fail("expected a token of 16 bytes");
    std::copy(token.begin(), token.end(), name.token.begin());
    inside.expect_end();
    return name;
}

}  // namespace

ByteQueue::ByteQueue(QueueKind kind, const TypeStamp& stamp, const QueueOptions& options)
    : queue_(detail::queue::SharedQueue::create(kind, stamp, options)) {}

Result<void, PutError> ByteQueue::try_put(const Piece& piece, Deadline deadline) const {
    return detail::queue::result_of<PutError>(queue_->producer().put(piece, deadline));
}

bool ByteQueue::put_at_once(const Piece& piece) const {
    return queue_->producer().try_put_fast(piece);
}
bool ByteQueue::get_at_once(Message& message) const {
    return queue_->consumer().try_get_fast(message);
}

Result<void, PutError> ByteQueue::await_room(std::uint64_t bytes, Deadline deadline) const {
    return detail::queue::result_of<PutError>(queue_->producer().await_room(bytes, deadline));
}

std::size_t ByteQueue::put_many(const Pieces& pieces, Deadline deadline) const {
    detail::queue::Outcome outcome = detail::queue::Outcome::done;
    const std::size_t put = queue_->producer().put_many(pieces, deadline, outcome);
    if (put == 0 && outcome == detail::queue::Outcome::shut_down) {
        throw ShutDown("put_many", label(), "the queue was shut down; nothing can be put any more");
    }
    return put;
}

Result<void, GetError> ByteQueue::try_get(Message& message, Deadline deadline) const {
    return detail::queue::result_of<GetError>(queue_->consumer().get(message, deadline));
}

bool ByteQueue::get_raw_at_once(std::span<std::byte> place) const {
    return queue_->consumer().try_get_raw_fast(place);
}

Result<void, GetError> ByteQueue::try_get_many(Batch& batch, std::size_t most,
                                               Deadline deadline) const {
    return detail::queue::result_of<GetError>(queue_->consumer().get_many(batch, most, deadline));
}

Result<void, GetError> ByteQueue::try_get_many_raw(std::span<std::byte> places, std::size_t each,
                                                   std::size_t& got, Deadline deadline) const {
    return detail::queue::result_of<GetError>(
        queue_->consumer().get_many_raw(places, each, got, deadline));
}

ByteLoan ByteQueue::loan(std::size_t bytes) const { return {queue_, bytes}; }

Result<void, GetError> ByteQueue::try_borrow(ByteView& view, Deadline deadline) const {
    view = {};
    return detail::queue::result_of<GetError>(queue_->consumer().borrow(view, deadline, queue_));
}

void ByteQueue::refuse_put(PutError error, const char* operation) const {
    if (error == PutError::shut_down) throw ShutDown(operation, label(), "the queue was shut down");
    queue_->producer().require_running(operation);
    throw Full(operation, label(), "the queue is full");
}

void ByteQueue::refuse_get(GetError error, const char* operation) const {
    if (error == GetError::shut_down) {
        throw ShutDown(operation, label(), "the queue was shut down and is empty");
    }
    queue_->consumer().require_running(operation);
    throw Empty(operation, label(), "the queue is empty");
}

void ByteQueue::finish(const Ticket& ticket, const char* operation) const {
    queue_->leases().finish(ticket, operation);
}
void ByteQueue::give_back(const Ticket& ticket, std::string_view why) const {
    queue_->leases().give_back(ticket, why);
}
void ByteQueue::reject(const Ticket& ticket, std::string_view reason) const {
    queue_->leases().reject(ticket, reason);
}
void ByteQueue::abandon(const Ticket& ticket, Abandoned how) const noexcept {
    queue_->leases().abandon(ticket, how);
}
void ByteQueue::detach(const Ticket& ticket) const { queue_->leases().detach(ticket); }
void ByteQueue::task_done() const { queue_->leases().task_done(); }
bool ByteQueue::join(Deadline deadline) const { return queue_->leases().join(deadline); }
std::uint64_t ByteQueue::unfinished() const { return queue_->leases().unfinished(); }

void ByteQueue::keep_undecodable(const MessageView& message, std::string_view reason) const {
    queue_->undecodable().keep_as_dead_letter(message, reason);
}

void ByteQueue::owe(const DecodeError& first, std::size_t count) const noexcept {
    queue_->undecodable().owe(first, count);
}

void ByteQueue::undeliver(const MessageView& message, std::string_view reason) const {
    if (queue_->is_joinable()) {
        queue_->undecodable().requeue(message.ticket);
    } else {
        queue_->undecodable().keep_as_dead_letter(message, reason);
    }
}

std::vector<DeadLetter> ByteQueue::dead_letters() const {
    return queue_->undecodable().dead_letters(false);
}
std::vector<DeadLetter> ByteQueue::take_dead_letters() const {
    return queue_->undecodable().dead_letters(true);
}

std::uint64_t ByteQueue::qsize() const { return queue_->qsize(); }
std::size_t ByteQueue::about_waiting() const { return queue_->consumer().size_hint(); }
bool ByteQueue::full() const { return queue_->full(); }
std::size_t ByteQueue::maxsize() const { return queue_->limits().maxsize; }
QueueStats ByteQueue::stats() const { return queue_->stats(); }
void ByteQueue::shutdown(bool immediate) const { queue_->shutdown(immediate); }
void ByteQueue::close() const { queue_->close(); }
bool ByteQueue::is_closed() const { return queue_->is_closed(); }
bool ByteQueue::is_shut_down() const { return queue_->is_shut_down(); }
std::size_t ByteQueue::notice_deaths() const { return queue_->notice_deaths(); }
std::vector<Participant> ByteQueue::participants() const { return queue_->participants(); }
std::vector<Death> ByteQueue::deaths(std::uint64_t since) const { return queue_->deaths(since); }
std::vector<Death> ByteQueue::wait_for_deaths(std::uint64_t since, Deadline deadline) const {
    queue_->wait_for_deaths(since, deadline);
    return queue_->deaths(since);
}
ReadyHandle ByteQueue::ready_handle(Ready what) const {
    return ReadyHandle(queue_->watchers().ready(what, queue_));
}
void ByteQueue::look_again(Ready what) const { queue_->watchers().on_would_block(what); }
std::string ByteQueue::label() const { return std::string(queue_->label()); }
QueueKind ByteQueue::kind() const { return queue_->queue_kind(); }
bool ByteQueue::dead_letters_on_exception() const {
    return queue_->limits().dead_letter_on_exception != 0;
}

void ByteQueue::encode_handle(Writer& writer) const {
    detail::transfer::assert_sharing(detail::queue::type_name(kind()));
    queue_->with_file("pass", [&](const detail::os::Handle& file) {
        queue_->trust_shared();
        detail::transfer::encode_handle(writer, file.get(), detail::queue::type_name(kind()));
    });
    detail::base::log(LogLevel::debug, "%s: goes to another process", label().c_str());
}

NativeHandle ByteQueue::native_handle() const {
    NativeHandle native{};
    queue_->with_file("pass", [&](const detail::os::Handle& file) {
        queue_->trust_shared();
        native = file.get();
    });
    return native;
}

ByteQueue ByteQueue::attach(Handle file) {
    return ByteQueue(detail::queue::SharedQueue::attach(std::move(file)));
}

TypeStamp ByteQueue::stamp() const { return queue_->segment().stamp(); }

HandleDeposit ByteQueue::encode_item(Writer& item, void (*encode)(Writer&, const void*),
                                     const void* value) const {
    const detail::transfer::SendContext context;
    Writer encoded;
    encode(encoded, value);
    item.clear();
    item.array(2);
    if (context.size() == 0) {
        item.nil();
        item.raw(encoded.bytes());
        return {};
    }
    queue_->take_part();  // from now on the broker sees that the queue is in use
    DepositKey name;
    queue_->with_file("put", [&](const detail::os::Handle& file) {
        name = detail::transfer::deposit(file, context.handles());
    });
    HandleDeposit deposit(name);
    Writer where;
    where.array(2);
    where.string(name.broker);
    where.binary(name.token);
    item.extension(kDepositKeyExtension, where.bytes());
    item.raw(encoded.bytes());
    return deposit;
}

void ByteQueue::decode_item(const MessageView& message, void (*decode)(Reader&, void*),
                            void* value) const {
    Reader reader(message.bytes, "item with handles");
    reader.array_of(2);
    std::vector<detail::os::Handle> handles;
    std::optional<DepositKey> name;
    if (!reader.skip_nil()) {
        name = deposit_key(reader);
        handles =
            queue_->is_joinable() ? detail::transfer::fetch(*name) : detail::transfer::take(*name);
    }
    try {
        const detail::transfer::ReceiveContext context(std::move(handles));
        decode(reader, value);
        reader.expect_end();
        if (name && queue_->is_joinable())
            queue_->leases().hold_deposit(message.ticket, HandleDeposit(*name));
    } catch (const DecodeError&) {
        // No other process could decode it as a T either.
        if (name && queue_->is_joinable()) detail::transfer::release(*name);
        throw;
    }
}

ByteQueue ByteQueue::attach(Handle file, QueueKind kind, const TypeStamp& stamp) {
    ByteQueue queue = attach(std::move(file));
    const TypeStamp found = queue.stamp();
    const bool fits = found.hash == stamp.hash && found.format == stamp.format;
    const bool takes_any = stamp.format == Format::msgpack && found == any_messagepack_stamp();
    if (queue.kind() != kind || (!fits && !takes_any)) {
        throw TypeMismatch("attach", queue.label(),
                           "it is a " + std::string(detail::queue::type_name(queue.kind())) +
                               " of " + found.signature + ", not a " +
                               std::string(detail::queue::type_name(kind)) + " of " +
                               stamp.signature);
    }
    detail::base::log(LogLevel::debug, "%s: rebuilt", queue.label().c_str());
    return queue;
}

ByteQueue ByteQueue::decode_handle(Reader& reader, QueueKind kind, const TypeStamp& stamp) {
    return attach(detail::transfer::decode_handle(reader, detail::queue::type_name(kind)), kind,
                  stamp);
}

}  // namespace procession::inline v0
