// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "queue/lease_book.h"

namespace procession::inline v0::detail::queue {

/// The lease books of one queue: one for each thread that has taken something from it. A book
/// belongs to its thread and ends with it, as std::thread::id does not: the system gives the ids of
/// ended threads to new ones. Local to the process.
///
/// A lease that an ended thread has left open stays leased to the process: no thread's task_done()
/// finds it; its Lease object, the end of the process or close() ends it.
///
/// Threads: any; each sees its own book only, so there is no lock.
class LeaseBooks {
  public:
    LeaseBooks() = default;
    ~LeaseBooks() = default;
    LeaseBooks(const LeaseBooks&) = delete;
    LeaseBooks& operator=(const LeaseBooks&) = delete;

    /// The book that this thread used last, if it is one of these; otherwise none.
    [[nodiscard]] LeaseBook* last_of_this_thread() const noexcept {
        return last_id_ == id_ ? last_ : nullptr;
    }
    /// Throws: std::bad_alloc.
    [[nodiscard]] LeaseBook& of_this_thread() {
        if (last_id_ == id_) [[likely]]
            return *last_;
        return look_for_book();
    }

  private:
    struct Shelf;
    [[nodiscard]] LeaseBook& look_for_book();
    static void forget_ended_thread(void* shelf) noexcept;
    [[nodiscard]] static std::uint64_t fresh_id() noexcept {
        static constinit std::atomic<std::uint64_t> given{0};
        return given.fetch_add(1, std::memory_order_relaxed) + 1;  // relaxed: only unique
    }

    // All books of this thread, whatever their queues; and the one that it used last. An id is
    // never used twice in a process.
    inline static constinit thread_local Shelf* shelf_ = nullptr;
    inline static constinit thread_local std::uint64_t last_id_ = 0;
    inline static constinit thread_local LeaseBook* last_ = nullptr;

    const std::uint64_t id_ = fresh_id();
    // Gone with the queue: then threads may throw away their books of it.
    const std::shared_ptr<const char> queue_ = std::make_shared<const char>();
};

}  // namespace procession::inline v0::detail::queue
