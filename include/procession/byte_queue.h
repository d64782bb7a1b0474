// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "procession/dead_letter.h"
#include "procession/deadline.h"
#include "procession/death.h"
#include "procession/detail/batch.h"
#include "procession/detail/byte_loan.h"
#include "procession/detail/byte_view.h"
#include "procession/detail/codec/format.h"
#include "procession/detail/codec/reader.h"
#include "procession/detail/codec/writer.h"
#include "procession/detail/handle_deposit.h"
#include "procession/detail/message.h"
#include "procession/detail/piece.h"
#include "procession/error.h"
#include "procession/export.h"
#include "procession/handle.h"
#include "procession/native_handle.h"
#include "procession/participant.h"
#include "procession/queue_options.h"
#include "procession/queue_stats.h"
#include "procession/ready_handle.h"
#include "procession/result.h"

namespace procession::inline v0 {

namespace detail::queue {
class SharedQueue;
}

enum class GetError : std::uint8_t { timed_out, shut_down };
/// How a lease ended that no call has ended: it was destroyed or assigned to (by_destruction); it
/// was destroyed because an exception left the scope (by_exception); or the caller has caught the
/// exception and handles it now (by_current_exception).
enum class Abandoned : std::uint8_t { by_destruction, by_exception, by_current_exception };

/// The untyped queue behind Queue<T> and JoinableQueue<T>: formats and bytes. Their documentation
/// says what each function guarantees; here is only what differs.
///
/// A ByteQueue is a handle: a copy is another handle to the same queue.
/// Threads: any, any time.
class PROCESSION_EXPORT ByteQueue {
  public:
    /// Throws: ValueError for impossible options, MemoryError, OSError.
    ByteQueue(QueueKind kind, const TypeStamp& stamp, const QueueOptions& options);

    Result<void, PutError> try_put(const Piece& piece, Deadline deadline) const;
    /// Waits until there seems to be room for an item of `bytes` bytes. The room is not reserved.
    /// For callers that must not allocate memory for an item before that.
    Result<void, PutError> await_room(std::uint64_t bytes, Deadline deadline) const;
    /// Puts the pieces in order, until the deadline. Returns how many were put. Throws (ShutDown
    /// included) only if none was put, except for CorruptSegment.
    std::size_t put_many(const Pieces& pieces, Deadline deadline) const;
    /// Fast versions of try_put() and try_get() that handle only the usual cases of a small item,
    /// and never wait. Return false when they did nothing: then call try_put() or try_get().
    [[nodiscard]] bool put_at_once(const Piece& piece) const;
    [[nodiscard]] bool get_at_once(Message& message) const;
    Result<void, GetError> try_get(Message& message, Deadline deadline) const;
    /// Like get_at_once(), for an item of a plain queue that is raw and has place.size() bytes:
    /// writes the item to `place`.
    [[nodiscard]] bool get_raw_at_once(std::span<std::byte> place) const;
    /// Waits for one item, then takes the items that are available, up to `most`.
    Result<void, GetError> try_get_many(Batch& batch, std::size_t most, Deadline deadline) const;
    /// Like try_get_many(), for a plain queue: takes items until `places` is full, or until the
    /// oldest item is not raw or does not have `each` bytes. Writes them to `places`, and their
    /// number to `got`. It is 0 after a success only if already the first item is not of that form
    /// (then call try_get()), or if `places` has no room for one.
    Result<void, GetError> try_get_many_raw(std::span<std::byte> places, std::size_t each,
                                            std::size_t& got, Deadline deadline) const;

    /// Memory of the queue in which the caller builds an item, so that the item need not be copied.
    /// Does not wait for room: a loan does not count for maxsize until it is published.
    /// Throws: MemoryError; ValueError for more bytes than can ever fit; ClosedError.
    [[nodiscard]] ByteLoan loan(std::size_t bytes) const;
    /// Like try_get(), but does not copy a large item. For a joinable queue it also takes a lease.
    Result<void, GetError> try_borrow(ByteView& view, Deadline deadline) const;

    /// Throw what put() and get() throw: Full or ShutDown; Empty or ShutDown.
    [[noreturn]] void refuse_put(PutError error, const char* operation) const;
    [[noreturn]] void refuse_get(GetError error, const char* operation) const;

    /// Finishes the item with this lease of a joinable queue. Throws: ValueError when the lease has
    /// ended.
    void finish(const Ticket& ticket, const char* operation = "task_done") const;
    /// `why` is the reason of the dead letter, if the item has been delivered max_deliveries times.
    void give_back(const Ticket& ticket, std::string_view why = {}) const;
    void reject(const Ticket& ticket, std::string_view reason) const;
    /// Gives the item back or rejects it, as QueueOptions::on_exception says. Logs failures. Does
    /// nothing when the lease has ended already, or belongs to the parent process.
    void abandon(const Ticket& ticket, Abandoned how) const noexcept;
    /// Leaves it to a later task_done() in the calling thread to finish the item. Throws:
    /// std::bad_alloc.
    void detach(const Ticket& ticket) const;
    void task_done() const;
    [[nodiscard]] bool join(Deadline deadline) const;
    [[nodiscard]] std::uint64_t unfinished() const;

    /// Moves a message that cannot be decoded to the dead letters.
    void keep_undecodable(const MessageView& message, std::string_view reason) const;
    /// To be called if `count` items of a get_many() became dead letters as undecodable, while
    /// others were returned. The next call of this process that would take an item of this queue
    /// takes none, and throws a DecodeError with the count and the text of `first`.
    void owe(const DecodeError& first, std::size_t count) const noexcept;
    /// For a message that this process cannot decode for lack of memory or handles. A joinable
    /// queue gets the item back, and this delivery does not count. In a plain queue the item
    /// becomes a dead letter with this reason, since later items may have been taken already.
    void undeliver(const MessageView& message,
                   std::string_view reason = "its consumer had no memory for it") const;
    [[nodiscard]] std::vector<DeadLetter> dead_letters() const;
    std::vector<DeadLetter> take_dead_letters() const;

    [[nodiscard]] std::uint64_t qsize() const;
    /// About how many items wait, at least 1: a capacity for get_many().
    [[nodiscard]] std::size_t about_waiting() const;
    [[nodiscard]] bool empty() const { return qsize() == 0; }
    [[nodiscard]] bool full() const;
    [[nodiscard]] std::size_t maxsize() const;
    [[nodiscard]] QueueStats stats() const;
    void shutdown(bool immediate) const;
    void close() const;
    [[nodiscard]] bool is_closed() const;
    [[nodiscard]] bool is_shut_down() const;
    /// Looks for participants that have died, and repairs the queue after each. Where another
    /// process repairs already, it waits for that one, but no longer than 20 ms for one that is
    /// stopped. Returns after how many this call has repaired. (A call that waits does this by
    /// itself, every 5 to 100 ms.)
    std::size_t notice_deaths() const;
    [[nodiscard]] std::vector<Participant> participants() const;
    [[nodiscard]] std::vector<Death> deaths(std::uint64_t since) const;
    [[nodiscard]] std::vector<Death> wait_for_deaths(std::uint64_t since, Deadline deadline) const;

    /// See ReadyHandle. Throws: OSError; ClosedError.
    [[nodiscard]] ReadyHandle ready_handle(Ready what) const;
    /// Makes the ReadyHandle check again, as after a call that found nothing. For callers that
    /// found by qsize() or full() that there is nothing to do.
    void look_again(Ready what) const;

    /// "JoinableQueue 'jobs'"
    [[nodiscard]] std::string label() const;
    [[nodiscard]] QueueKind kind() const;
    [[nodiscard]] bool dead_letters_on_exception() const;
    /// Whether two handles refer to the same queue.
    friend bool operator==(const ByteQueue& a, const ByteQueue& b) { return a.queue_ == b.queue_; }

    /// Encodes the queue in a message for another process.
    /// Throws: SharingError when this thread is not encoding such a message.
    void encode_handle(Writer& writer) const;
    /// Throws: SharingError, DecodeError, TypeMismatch, VersionMismatch, CorruptSegment.
    [[nodiscard]] static ByteQueue decode_handle(Reader& reader, QueueKind kind,
                                                 const TypeStamp& stamp);

    /// The memory file, for callers that pass it to another process themselves. The queue still
    /// owns it. Throws: OSError when another part of this program has closed it.
    [[nodiscard]] NativeHandle native_handle() const;
    /// The queue with this memory file, which came from native_handle() in another process. It may
    /// have any elements: see kind() and stamp(). Throws: OSError, VersionMismatch, CorruptSegment.
    [[nodiscard]] static ByteQueue attach(Handle file);
    /// The same, but requires a queue of this kind with elements of this type. If the format of
    /// `stamp` is MessagePack, a queue of any MessagePack objects, as Python creates it, is allowed
    /// too. Throws: TypeMismatch for another queue; also as the other attach().
    [[nodiscard]] static ByteQueue attach(Handle file, QueueKind kind, const TypeStamp& stamp);
    [[nodiscard]] TypeStamp stamp() const;

    /// Encodes an item that may contain handles, as an array of two: the key of their deposit (nil
    /// if it contains none), and the value. Throws: the exceptions of `encode`; SharingError or
    /// OSError when the handles cannot be passed on.
    [[nodiscard]] HandleDeposit encode_item(Writer& item,
                                            void (*encode)(Writer& writer, const void* value),
                                            const void* value) const;
    /// Throws: what `decode` throws; SharingError when the handles are no longer available; OSError
    ///         when this process cannot open them.
    void decode_item(const MessageView& message, void (*decode)(Reader& reader, void* value),
                     void* value) const;

  private:
    explicit ByteQueue(std::shared_ptr<detail::queue::SharedQueue> queue)
        : queue_(std::move(queue)) {}

    std::shared_ptr<detail::queue::SharedQueue> queue_;
};

}  // namespace procession::inline v0
