// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "procession/batch.h"
#include "procession/byte_loan.h"
#include "procession/byte_view.h"
#include "procession/codec/format.h"
#include "procession/codec/reader.h"
#include "procession/codec/writer.h"
#include "procession/dead_letter.h"
#include "procession/deadline.h"
#include "procession/death.h"
#include "procession/error.h"
#include "procession/handle.h"
#include "procession/handle_deposit.h"
#include "procession/message.h"
#include "procession/native_handle.h"
#include "procession/participant.h"
#include "procession/piece.h"
#include "procession/queue_options.h"
#include "procession/queue_stats.h"
#include "procession/ready_handle.h"
#include "procession/result.h"

namespace procession {

namespace queue {
class SharedQueue;
}

enum class GetError : std::uint8_t { timed_out, shut_down };
/// How a lease was left open: it was destroyed, or an exception left its scope, or the exception
/// that is being handled now did.
enum class Abandoned : std::uint8_t { by_destruction, by_exception, by_current_exception };

/// The untyped queue under Queue<T> and JoinableQueue<T>: formats and bytes. Their documentation
/// says what each verb guarantees; here only what differs.
///
/// A ByteQueue is a handle: a copy is another handle to the same queue.
/// Threads: any, any time.
class ByteQueue {
  public:
    /// Throws: ValueError for impossible options, MemoryError, OSError.
    ByteQueue(QueueKind kind, const TypeStamp& stamp, const QueueOptions& options);

    Result<void, PutError> try_put(const Piece& piece, Deadline deadline) const;
    /// Waits until there seems to be room for an item of so many bytes, which is not kept for
    /// any waiter: for callers that must not take memory for an item before.
    Result<void, PutError> await_room(std::uint64_t bytes, Deadline deadline) const;
    /// Puts the pieces in order, until the deadline. Returns how many were put; ShutDown is thrown
    /// only when none was.
    std::size_t put_many(const Pieces& pieces, Deadline deadline) const;
    /// The usual cases of try_put() and try_get(), of a small item, without waiting for anything.
    /// Return false when nothing has happened: then those.
    [[nodiscard]] bool put_at_once(const Piece& piece) const;
    [[nodiscard]] bool get_at_once(Message& message) const;
    Result<void, GetError> try_get(Message& message, Deadline deadline) const;
    /// The usual case of try_get() for a plain queue of raw items of one size: straight to `place`,
    /// without waiting for anything. Returns false when nothing has happened: then try_get().
    [[nodiscard]] bool get_raw_at_once(std::span<std::byte> place) const;
    /// Waits for one item, then takes up to `most` that are there.
    Result<void, GetError> try_get_many(Batch& batch, std::size_t most, Deadline deadline) const;
    /// Of a plain queue: the same, straight to `places`, while the oldest items are raw ones of
    /// `each` bytes. `got` is 0 when the oldest is another one: try_get() takes that.
    Result<void, GetError> try_get_many_raw(std::span<std::byte> places, std::size_t each,
                                            std::size_t& got, Deadline deadline) const;

    /// Memory for an item that shall not be copied. Does not wait; it is no item yet, and takes no
    /// place of the queue's maxsize.
    /// Throws: MemoryError; ValueError for one that can never fit; ClosedError.
    [[nodiscard]] ByteLoan loan(std::size_t bytes) const;
    /// try_get() without a copy of a large item. For a joinable queue it takes a lease, as that
    /// does.
    Result<void, GetError> try_borrow(ByteView& view, Deadline deadline) const;

    /// Throws what the throwing verbs throw: Full or ShutDown, Empty or ShutDown.
    [[noreturn]] void refuse_put(PutError error, const char* operation) const;
    [[noreturn]] void refuse_get(GetError error, const char* operation) const;

    /// The lease that a message of a joinable queue carries. Throws: ValueError when it has ended.
    void finish(const Ticket& ticket, const char* operation = "task_done") const;
    /// `why`: for the dead letter that it becomes when it has been handed out often enough.
    void give_back(const Ticket& ticket, std::string_view why = {}) const;
    void reject(const Ticket& ticket, std::string_view reason) const;
    /// Gives it back or rejects it, as QueueOptions::on_exception says. Logs what goes wrong. Does
    /// nothing when the lease has ended already, or is the parent process's.
    void abandon(const Ticket& ticket, Abandoned how) const noexcept;
    /// The item stays taken until task_done() in the calling thread. Throws: std::bad_alloc.
    void detach(const Ticket& ticket) const;
    void task_done() const;
    [[nodiscard]] bool join(Deadline deadline) const;
    [[nodiscard]] std::uint64_t unfinished() const;

    /// For a message whose bytes are no element: to the dead letters with it.
    void keep_undecodable(const MessageView& message, std::string_view reason) const;
    /// So many items of a run were kept so, and others have come with them: the next call of this
    /// process that takes an item of this queue throws an error that says so, and takes none.
    void owe(const DecodeError& first, std::size_t count) const noexcept;
    /// For a message that there is no memory to decode: it is as if it had not been taken. A plain
    /// queue's goes to the dead letters: others may have taken what was behind it.
    void undeliver(const MessageView& message,
                   std::string_view reason = "its consumer had no memory for it") const;
    [[nodiscard]] std::vector<DeadLetter> dead_letters() const;
    std::vector<DeadLetter> take_dead_letters() const;

    [[nodiscard]] std::uint64_t qsize() const;
    /// How many places to have ready for get_many(): what waits, about; at least 1.
    [[nodiscard]] std::size_t about_waiting() const;
    [[nodiscard]] bool empty() const { return qsize() == 0; }
    [[nodiscard]] bool full() const;
    [[nodiscard]] std::size_t maxsize() const;
    [[nodiscard]] QueueStats stats() const;
    void shutdown(bool immediate) const;
    void close() const;
    [[nodiscard]] bool is_closed() const;
    [[nodiscard]] bool is_shut_down() const;
    /// Looks now for participants that died; otherwise waiting calls do so every few milliseconds.
    std::size_t notice_deaths() const;
    [[nodiscard]] std::vector<Participant> participants() const;
    [[nodiscard]] std::vector<Death> deaths(std::uint64_t since) const;
    [[nodiscard]] std::vector<Death> wait_for_deaths(std::uint64_t since, Deadline deadline) const;

    /// See ReadyHandle. Throws: OSError; ClosedError.
    [[nodiscard]] ReadyHandle ready_handle(Ready what) const;
    /// For callers that saw by qsize() or full() that there is nothing: has the ReadyHandle look
    /// again, as after a call that found nothing.
    void look_again(Ready what) const;

    /// "JoinableQueue 'jobs'"
    [[nodiscard]] std::string label() const;
    [[nodiscard]] QueueKind kind() const;
    [[nodiscard]] bool dead_letters_on_exception() const;
    /// Whether two handles lead to the same queue.
    friend bool operator==(const ByteQueue& a, const ByteQueue& b) { return a.queue_ == b.queue_; }

    /// Into a message for another process.
    /// Throws: SharingError when this thread builds none.
    void encode_handle(Writer& writer) const;
    /// Throws: SharingError, DecodeError, TypeMismatch, VersionMismatch, CorruptSegment.
    [[nodiscard]] static ByteQueue decode_handle(Reader& reader, QueueKind kind,
                                                 const TypeStamp& stamp);

    /// The memory file, for callers that pass it on by means of their own; it stays the queue's.
    /// Throws: OSError when another part of this program has closed it.
    [[nodiscard]] NativeHandle native_handle() const;
    /// The queue whose memory file came by such means, whatever it is a queue of: see kind() and
    /// stamp(). Throws: OSError, VersionMismatch, CorruptSegment.
    [[nodiscard]] static ByteQueue attach(Handle file);
    /// The same for one of these elements, or of any in MessagePack, as Python makes them.
    /// Throws: TypeMismatch, too.
    [[nodiscard]] static ByteQueue attach(Handle file, QueueKind kind, const TypeStamp& stamp);
    [[nodiscard]] TypeStamp stamp() const;

    /// Makes the bytes of an item that may hold handles: an array of where they wait, and the
    /// value. Throws: what `encode` throws; SharingError, OSError when the handles cannot be passed
    /// on.
    [[nodiscard]] HandleDeposit encode_item(Writer& item,
                                            void (*encode)(Writer& writer, const void* value),
                                            const void* value) const;
    /// Throws: what `decode` throws; SharingError when the handles cannot be had any more; OSError
    ///         when this process cannot hold them.
    void decode_item(const MessageView& message, void (*decode)(Reader& reader, void* value),
                     void* value) const;

  private:
    explicit ByteQueue(std::shared_ptr<queue::SharedQueue> queue) : queue_(std::move(queue)) {}

    std::shared_ptr<queue::SharedQueue> queue_;
};

}  // namespace procession
