// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "procession/byte_queue.h"

namespace procession {

/// What all queues have in common, whatever is in them: the queue as a whole.
///
/// A queue object is a handle; a copy is another handle to the same queue. Given to a child process
/// as an argument, or as a field of an object that is one, it leads there to the same queue.
class QueueHandle {
  public:
    /// Items that wait in the queue: exact at one instant during the call, on every platform.
    [[nodiscard]] std::size_t qsize() const { return static_cast<std::size_t>(bytes_.qsize()); }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    /// Whether put_nowait() would throw Full for its maxsize. Items that were given back wait
    /// beside the bound: they do not keep producers out.
    [[nodiscard]] bool full() const { return bytes_.full(); }
    /// 0: no bound but memory.
    [[nodiscard]] std::size_t maxsize() const { return bytes_.maxsize(); }
    [[nodiscard]] QueueStats stats() const { return bytes_.stats(); }

    /// Ends the queue for all processes: put() throws ShutDown from now on; get() takes what is
    /// left, then throws ShutDown, too. With `immediate`, what is left is dropped (and counts as
    /// finished). Wakes every waiter of every process.
    /// Python: queue.Queue.shutdown(immediate=False), which multiprocessing lacks.
    void shutdown(bool immediate = false) const { bytes_.shutdown(immediate); }
    /// This process lets go of the queue, with all its handles: leases go back, calls throw
    /// ClosedError. Others are not concerned. Python: Queue.close()
    void close() const { bytes_.close(); }
    [[nodiscard]] bool is_closed() const { return bytes_.is_closed(); }

    /// The processes that use the queue now, by slot.
    ///
    /// Blocks:     briefly; up to 1 s behind a process that is stopped inside the queue.
    /// Returns:    the processes, whether they live, and how many items each has in hand: exact at
    ///             one instant during the call.
    /// Throws:     TimeoutError behind a stopped process; ClosedError.
    /// Python:     has no such thing.
    [[nodiscard]] std::vector<Participant> participants() const { return bytes_.participants(); }
    /// The deaths after number `since` that were noticed and repaired so far, oldest first. The
    /// queue keeps the last 63; a gap between `since` and the first number shows what is gone.
    ///
    /// Blocks:     never.
    /// Throws:     ClosedError.
    /// Peer dies:  exactly one record for each, also if processes that repair after it die, too.
    /// Python:     has no such thing.
    [[nodiscard]] std::vector<Death> deaths(std::uint64_t since = 0) const {
        return bytes_.deaths(since);
    }
    /// Waits until there is a death after number `since`; to be told of all, give the number of the
    /// last one seen (at first QueueStats::deaths, or 0).
    ///
    /// Blocks:     until a death, or the deadline. Notices by itself, within some milliseconds.
    /// Returns:    deaths(since); none only when the deadline passed.
    /// Throws:     ClosedError.
    /// Threads:    any number, any time.   Processes: all that hold this queue; each sees all.
    [[nodiscard]] std::vector<Death> wait_for_deaths(std::uint64_t since,
                                                     Deadline deadline = Deadline::never()) const {
        return bytes_.wait_for_deaths(since, deadline);
    }

    /// Items that could not be processed, oldest first; they stay where they are.
    [[nodiscard]] std::vector<DeadLetter> dead_letters() const { return bytes_.dead_letters(); }
    /// The same, and removes them.
    std::vector<DeadLetter> take_dead_letters() const { return bytes_.take_dead_letters(); }

    /// A descriptor for event loops, readable while a call that does not wait may find an item (or
    /// room for one). See ReadyHandle.
    ///
    /// Blocks:     never.
    /// Throws:     OSError when there are no descriptors or threads left; ClosedError.
    /// Threads:    the first one starts a thread of this process, the last one to go ends it.
    /// Peer dies:  an item that comes back makes it readable.
    /// Python:     has no such thing; a Connection has fileno().
    [[nodiscard]] ReadyHandle ready_handle(Ready what = Ready::items) const {
        return bytes_.ready_handle(what);
    }

    /// The same one, kept for as long as this handle of the queue lives, so that wait() does not
    /// start a thread each time. What a copy of this handle keeps is its own affair.
    [[nodiscard]] ReadyHandle lasting_ready_handle() const {
        ReadyHandle items = bytes_.ready_handle(Ready::items);
        kept_.keep(items);
        return items;
    }

    /// Without types, for tools.
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

    ByteQueue bytes_;

  private:
    mutable KeptReadyHandle kept_;
};

}  // namespace procession
