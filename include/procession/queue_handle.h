// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "procession/byte_queue.h"

namespace procession {

/// The functions of all queues that do not depend on the type of the elements.
///
/// A queue object is a handle: a copy is another handle to the same queue. Passed to a child
/// process, as an argument or in one, it refers to the same queue there.
class QueueHandle {
  public:
    /// The number of items in the queue. Exact at one instant during the call, on every platform.
    [[nodiscard]] std::size_t qsize() const { return static_cast<std::size_t>(bytes_.qsize()); }
    [[nodiscard]] bool empty() const { return bytes_.empty(); }
    /// Whether put_nowait() would throw Full because of maxsize. Items that were given back do not
    /// count: they never make the queue full.
    [[nodiscard]] bool full() const { return bytes_.full(); }
    /// 0 means that only memory limits the queue.
    [[nodiscard]] std::size_t maxsize() const { return bytes_.maxsize(); }
    [[nodiscard]] QueueStats stats() const { return bytes_.stats(); }

    /// Ends the queue for all processes: from now on put() throws ShutDown, and get() throws
    /// ShutDown when all items have been taken. With `immediate`, the items in the queue are
    /// dropped and count as finished. Wakes all waiters in all processes. Python:
    /// queue.Queue.shutdown(immediate=False), which multiprocessing lacks.
    void shutdown(bool immediate = false) const { bytes_.shutdown(immediate); }
    /// Closes the queue for this process, with all its handles: leases are given back, and calls
    /// throw ClosedError. Other processes are not affected. Python: Queue.close()
    void close() const { bytes_.close(); }
    [[nodiscard]] bool is_closed() const { return bytes_.is_closed(); }

    /// The processes that use the queue now, by slot.
    ///
    /// Blocks:     briefly; up to 1 s behind a process that is stopped inside the queue.
    /// Returns:    the processes, whether they are alive, and how many items each has taken and not
    ///             finished. Exact at one instant during the call.
    /// Throws:     TimeoutError behind a stopped process; ClosedError.
    /// Python:     no equivalent.
    [[nodiscard]] std::vector<Participant> participants() const { return bytes_.participants(); }
    /// The deaths with a number above `since` that have been noticed and repaired, oldest first.
    /// The queue keeps the last 63: if the first number is not `since` + 1, the records between
    /// them are gone.
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
    /// Blocks:     until a death, or the deadline. It notices a death itself within some
    /// milliseconds. Returns:    deaths(since); none only when the deadline passed. Throws:
    /// ClosedError. Threads:    any number, any time.   Processes: all that hold this queue; each
    /// sees all.
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

    /// Like ready_handle(), but this queue object keeps it until it is destroyed, so that wait()
    /// does not start a thread each time. A copy of this queue object keeps its own.
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

    ByteQueue bytes_;

  private:
    mutable KeptReadyHandle kept_;
};

}  // namespace procession
