// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "errors.h"
#include "procession/byte_queue.h"
#include "procession/detail/batch.h"

namespace procession::python {

/// A run of items that was taken in one step, from the next one to be made an object on; before it,
/// the failure that an earlier one ended in and that no call has raised yet.
class TakenRun {
  public:
    explicit TakenRun(Batch batch) : batch_(std::make_shared<const Batch>(std::move(batch))) {}

    /// Throws: Raised, once.
    void raise_failure();
    /// The exception that is set is raised by the next call of raise_failure() instead.
    void put_off_failure() { failure_ = std::make_unique<Cause>(); }

    [[nodiscard]] std::size_t size() const noexcept { return batch_->size() - next_; }
    [[nodiscard]] bool has_failure() const noexcept { return failure_ != nullptr; }
    [[nodiscard]] bool is_over() const noexcept { return size() == 0 && !has_failure(); }
    [[nodiscard]] MessageView take() noexcept { return (*batch_)[next_++]; }
    /// Keeps the bytes of what take() returned.
    [[nodiscard]] std::shared_ptr<const Batch> bytes() const noexcept { return batch_; }

  private:
    std::shared_ptr<const Batch> batch_;
    std::size_t next_ = 0;
    std::unique_ptr<Cause> failure_;
};

/// What get_many() has taken and not handed out. When an item is no object, those before it are
/// returned; its error, and in a plain queue the items behind it, which cannot go back, wait here
/// for the next call. They are in the hands of this process as all that it takes: a fork child has
/// none of them.
///
/// Threads: any, with the interpreter's lock.
class LeftOver {
  public:
    /// Whether something waits here. Cheap: every get() asks.
    [[nodiscard]] bool any() const noexcept {
        return any_.load(std::memory_order_relaxed);  // relaxed: the mutex orders what it tells
    }
    [[nodiscard]] std::size_t items();
    /// Puts the run before the others: it was taken earlier.
    void keep(TakenRun run);
    [[nodiscard]] std::optional<TakenRun> take();
    /// Makes dead letters of the items that can no longer be handed out.
    void end(const ByteQueue& queue) noexcept;

  private:
    /// Moves what is the parent's to `parents`, to be destroyed when the lock is free.
    void forget_parents(std::deque<TakenRun>& parents);

    std::mutex lock_;  // never kept without the interpreter's lock, so that no fork finds it taken
    std::deque<TakenRun> runs_;
    unsigned forks_ = 0;  // of this process and its ancestors when runs_ was filled
    std::atomic<bool> any_{false};
};

}  // namespace procession::python
