// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "queue/lease_book.h"

namespace procession::queue {

/// The lease books of all threads that have taken something from one queue. Local to the process.
///
/// Threads: any. A thread finds the book that it used last without a lock.
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
        const std::lock_guard guard(mutex_);
        auto& book = books_[std::this_thread::get_id()];
        if (book == nullptr) book = std::make_unique<LeaseBook>();
        last_ = book.get();
        last_id_ = id_;
        return *book;
    }

  private:
    [[nodiscard]] static std::uint64_t fresh_id() noexcept {
        static constinit std::atomic<std::uint64_t> given{0};
        return given.fetch_add(1, std::memory_order_relaxed) + 1;  // relaxed: only unique
    }

    // Where this thread found its book last time; an id is never used twice in a process.
    inline static constinit thread_local std::uint64_t last_id_ = 0;
    inline static constinit thread_local LeaseBook* last_ = nullptr;

    const std::uint64_t id_ = fresh_id();
    std::mutex mutex_;
    std::unordered_map<std::thread::id, std::unique_ptr<LeaseBook>> books_;
};

}  // namespace procession::queue
