// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <new>
#include <utility>
#include <vector>

#include "procession/byte_queue.h"
#include "procession/error.h"
#include "procession/export.h"

namespace procession::inline v0 {

/// The functions of a queue that do not depend on the type of its elements.
///
/// A queue object is a handle: a copy is another handle to the same queue. A queue object that a
/// child process receives, as an argument or inside one, refers to the same queue there.
class QueueHandle {
  public:
    /// The number of items in the queue. Exact at one instant during the call, on every platform.
    [[nodiscard]] std::size_t qsize() const { return static_cast<std::size_t>(bytes_.qsize()); }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    /// Whether as many items wait as QueueOptions::maxsize allows, or as many bytes as max_bytes
    /// allows. Items that were given back do not count: they never make the queue full.
    [[nodiscard]] bool full() const { return bytes_.full(); }
    /// 0 means no limit on the number of items.
    [[nodiscard]] std::size_t maxsize() const { return bytes_.maxsize(); }
    [[nodiscard]] QueueStats stats() const { return bytes_.stats(); }

    /// Ends the queue for all processes: from now on put() throws ShutDown, and get() throws
    /// ShutDown when all items have been taken. With `immediate`, the items in the queue are
    /// dropped and count as finished. Calls of put() and get() that wait end in all processes, as
    /// above; join() and wait_for_deaths() go on waiting.
    ///
    /// Blocks:     while a process is stopped inside the queue, until it continues or dies.
    /// Python:     queue.Queue.shutdown(immediate=False); multiprocessing has no equivalent.
    void shutdown(bool immediate = false) const { bytes_.shutdown(immediate); }
    /// Closes the queue for this process: its leases are given back, and calls on any object of
    /// this process that refers to the queue throw ClosedError. Other processes are not affected.
    ///
    /// Blocks:     until other threads have left the queue; then up to 1 s for each internal lock,
    ///             if another process is stopped inside the queue.
    /// Throws:     ValueError while this process has loans or views of the queue.
    /// Python:     Queue.close()
    void close() const { bytes_.close(); }
    [[nodiscard]] bool is_closed() const { return bytes_.is_closed(); }

    /// The processes that use the queue now, in the order of their slots.
    ///
    /// Blocks:     briefly; up to 1 s if a process is stopped inside the queue.
    /// Returns:    the processes, whether they are alive, and how many items each has taken and not
    ///             finished. Exact at one instant during the call.
    /// Throws:     PeerStopped if a process is stopped inside the queue; ClosedError.
    /// Python:     no equivalent.
    [[nodiscard]] std::vector<Participant> participants() const { return bytes_.participants(); }
    /// The deaths with a number above `since` that have been noticed and repaired, oldest first.
    /// The queue keeps the last 63 records: if the first death returned has a number above
    /// `since` + 1, the earlier records are no longer kept.
    ///
    /// Blocks:     never.
    /// Throws:     ClosedError.
    /// Peer dies:  there is exactly one record for each death, even if the repairing process dies.
    /// Python:     no equivalent.
    [[nodiscard]] std::vector<Death> deaths(std::uint64_t since = 0) const {
        return bytes_.deaths(since);
    }
    /// Waits until there is a death with a number above `since`. To miss none, pass the number of
    /// the last one seen (at first QueueStats::deaths, or 0).
    ///
    /// Blocks:     until there is such a death, or the deadline. The call itself notices deaths,
    ///             usually within 0.1 s.
    /// Returns:    deaths(since); none only when the deadline passed.
    /// Throws:     ClosedError.
    /// Threads:    any number, any time.   Processes: all that hold this queue; each of them gets
    ///             every death.
    [[nodiscard]] std::vector<Death> wait_for_deaths(std::uint64_t since,
                                                     Deadline deadline = Deadline::never()) const {
        return bytes_.wait_for_deaths(since, deadline);
    }

    /// The items that could not be processed, oldest first. They stay in the queue.
    [[nodiscard]] std::vector<DeadLetter> dead_letters() const { return bytes_.dead_letters(); }
    /// The same, and removes them.
    std::vector<DeadLetter> take_dead_letters() const { return bytes_.take_dead_letters(); }

    /// A descriptor for event loops, readable while a non-blocking call may find an item (or room
    /// for one). See ReadyHandle.
    ///
    /// Blocks:     never.
    /// Throws:     OSError when no more descriptors or threads can be created; ClosedError.
    /// Threads:    a thread of this process runs while a ReadyHandle exists.
    /// Peer dies:  an item that is put back into the queue makes it readable.
    /// Python:     no equivalent; a Connection has fileno().
    [[nodiscard]] ReadyHandle ready_handle(Ready what = Ready::items) const {
        return bytes_.ready_handle(what);
    }

    /// Like ready_handle(), but this queue object keeps a copy of the ReadyHandle as long as the
    /// object lives, so that wait() does not start a thread each time. A copy of this queue object
    /// begins without one.
    [[nodiscard]] ReadyHandle lasting_ready_handle() const {
        ReadyHandle items = bytes_.ready_handle(Ready::items);
        kept_.keep(items);
        return items;
    }

    /// The untyped queue, for tools.
    [[nodiscard]] const ByteQueue& bytes() const noexcept { return bytes_; }

    friend bool operator==(const QueueHandle&, const QueueHandle&) = default;

  protected:
    explicit QueueHandle(ByteQueue bytes) : bytes_(std::move(bytes)) {}
    ~QueueHandle() = default;
    QueueHandle(const QueueHandle&) = default;
    QueueHandle& operator=(const QueueHandle&) = default;
    QueueHandle(QueueHandle&&) noexcept = default;
    QueueHandle& operator=(QueueHandle&&) noexcept = default;

    void require_put(Result<void, PutError> result, const char* operation) const {
        if (!result.has_value()) [[unlikely]]
            bytes_.refuse_put(result.error(), operation);
    }
    void require_get(Result<void, GetError> result, const char* operation) const {
        if (!result.has_value()) [[unlikely]]
            bytes_.refuse_get(result.error(), operation);
    }

    /// The items of one get_many() that went to the dead letters. Their error must not lose the
    /// other items.
    class PROCESSION_EXPORT Undecodable {
      public:
        /// Within the catch block of a DecodeError.
        void add() noexcept;
        /// Throws the first error if there were no other items; otherwise the next call throws it.
        void report(const ByteQueue& queue, bool has_others) const;

      private:
        std::exception_ptr first_;
        std::size_t count_ = 0;
    };
    /// Returns make(message) for each message. If there is no memory for all of them, returns those
    /// that could be made, and puts the others back.
    template <class Item, class Make>
    std::vector<Item> decode_many(const Batch& messages, Make make) const {
        std::vector<Item> items;
        Undecodable undecodable;
        std::size_t next = 0;
        const auto put_back_the_rest = [&] {
            for (; next < messages.size(); ++next) bytes_.undeliver(messages[next]);
        };
        try {
            items.reserve(messages.size());
            while (next < messages.size()) {
                const MessageView& message = messages[next++];
                try {
                    items.push_back(make(message));
                } catch (const DecodeError&) {
                    undecodable.add();
                }
            }
        } catch (const std::bad_alloc&) {
            put_back_the_rest();
            if (items.empty()) throw;
        } catch (const OSError&) {
            put_back_the_rest();
            if (items.empty()) throw;
        }
        undecodable.report(bytes_, !items.empty());
        return items;
    }
    /// Waits for one item, then takes those that are available, up to `most`, and returns
    /// decode_many() of them; none when the deadline passed.
    template <class Item, class Make>
    [[nodiscard]] std::vector<Item> take_many(std::size_t most, Deadline deadline,
                                              Make make) const {
        Batch messages;
        const auto got = bytes_.try_get_many(messages, most, deadline);
        if (!got.has_value() && got.error() == GetError::timed_out) return {};
        require_get(got, "get_many");
        return decode_many<Item>(messages, make);
    }

    ByteQueue bytes_;

  private:
    mutable KeptReadyHandle kept_;
};

}  // namespace procession::inline v0
