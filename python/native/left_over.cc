// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "left_over.h"

#include <exception>
#include <utility>

#include "base/logging.h"
#include "os/at_fork.h"
#include "waiting.h"

namespace procession::python {

using namespace detail;

namespace {

/// How often this process is a fork child.
class Forks final : public os::ForkListener {
  public:
    static const Forks& instance() {
        static auto* const only = new Forks;
        return *only;
    }
    // relaxed: only the child's single thread changes it
    [[nodiscard]] unsigned count() const noexcept { return count_.load(std::memory_order_relaxed); }
    void after_fork_in_child() noexcept override { count_.fetch_add(1, std::memory_order_relaxed); }

  private:
    Forks() noexcept { start_listening(); }
    std::atomic<unsigned> count_{0};
};

[[maybe_unused]] const Forks& made_early = Forks::instance();

}  // namespace

void TakenRun::raise_failure() {
    if (failure_ == nullptr) return;
    const auto failure = std::move(failure_);
    failure->raise_again();
    throw Raised{};
}

std::size_t LeftOver::items() {
    if (!any()) return 0;
    std::deque<TakenRun> parents;
    const std::lock_guard guard(lock_);
    forget_parents(parents);
    std::size_t sum = 0;
    for (const TakenRun& run : runs_) sum += run.size();
    return sum;
}

void LeftOver::keep(TakenRun run) {
    if (run.is_over()) return;
    std::deque<TakenRun> parents;
    const std::lock_guard guard(lock_);
    forget_parents(parents);
    forks_ = Forks::instance().count();
    runs_.push_front(std::move(run));
    any_.store(true, std::memory_order_relaxed);
}

std::optional<TakenRun> LeftOver::take() {
    if (!any()) return std::nullopt;
    std::deque<TakenRun> parents;
    const std::lock_guard guard(lock_);
    forget_parents(parents);
    std::optional<TakenRun> first;
    if (!runs_.empty()) {
        first = std::move(runs_.front());
        runs_.pop_front();
    }
    any_.store(!runs_.empty(), std::memory_order_relaxed);
    return first;
}

void LeftOver::end(const ByteQueue& queue) noexcept {
    while (auto run = take()) {
        try {
            const WithoutGil others_run;
            while (run->size() != 0) {
                queue.keep_undecodable(
                    run->take(),
                    "get_many() took it behind an item that was no object, and its "
                    "process let go of the queue before it asked for the rest");
            }
        } catch (const std::exception& failed) {
            base::log(LogLevel::warning, "what get_many() had taken is lost: %s", failed.what());
        }
    }
}

void LeftOver::forget_parents(std::deque<TakenRun>& parents) {
    if (runs_.empty() || forks_ == Forks::instance().count()) return;
    parents.swap(runs_);
    any_.store(false, std::memory_order_relaxed);
}

}  // namespace procession::python
