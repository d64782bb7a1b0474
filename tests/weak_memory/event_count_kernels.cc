// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The event count: the real shm/event_count.h and shm/robust_lock.h, with Relacy's atomics.
#include "shm/wait_slices.h"
#include "weak_memory/checked.h"
#include "weak_memory/kernels.h"

#undef PROCESSION_STEP
#define PROCESSION_STEP(name) static_cast<void>(0)

namespace checked {
namespace procession::inline v0::detail::shm {
using ::procession::detail::shm::WaitInParts;
using ::procession::detail::shm::WaitSlices;
}  // namespace procession::inline v0::detail::shm
#include "shm/robust_lock.h"
//
#include "shm/event_count.h"

namespace {

using procession::Deadline;
using procession::detail::shm::EventCount;
using procession::detail::shm::RobustLock;

Mutation mutation_of(Without without) {
    return {without == Without::fence_after_rmw, without == Without::fences};
}

constexpr unsigned kSleeper = 0;

struct BellProgram {
    std::atomic<std::uint32_t> lock_word;
    std::atomic<std::uint32_t> bell_word;
    procession::detail::os::Futex futex;

    void begin() { procession::detail::os::futex = &futex; }
};

// As ProducerSide::try_put_fast() under the tail lock, and ConsumerSide::wait_for_items(). The
// producers' locks are released only: what they exclude is not the question here.
template <unsigned Producers>
struct Puts : rl::test_suite<Puts<Producers>, Producers + 1>, BellProgram {
    std::array<std::atomic<std::uint64_t>, Producers> heads;

    void before() { begin(); }
    void thread(unsigned index) {
        EventCount not_empty(bell_word);
        if (index == kSleeper) {
            const auto shows_the_items = [&] {
                for (const auto& head : heads) {
                    if (head.load(std::memory_order_acquire) == 0) return false;
                }
                return true;
            };
            static_cast<void>(not_empty.sleep(Deadline::never(), shows_the_items, [] {}));
        } else {
            heads[index - 1].store(1, std::memory_order_release);  // LogTail::write(): the commit
            RobustLock::release(lock_word);
            if (not_empty.may_have_waiters()) not_empty.notify();
        }
    }
};

// As LeaseHolder::try_finish_fast() with notify_joiners(), which is announce_finished() here, and
// LeaseHolder::join().
struct TaskDones : rl::test_suite<TaskDones, 3>, BellProgram {
    std::array<std::atomic<std::uint64_t>, 2> finished;
    std::atomic<std::uint64_t> head_count;
    static constexpr std::uint64_t kPut = 2;

    void before() { begin(); }
    bool all_finished() const { return finished[0].load() + finished[1].load() >= kPut; }
    void announce_finished(EventCount& all_done) const {
        if (!all_done.may_have_waiters()) return;
        const bool something_waits = head_count.load() < kPut;
        if (!something_waits && all_finished()) all_done.notify_all();
    }
    void thread(unsigned index) {
        EventCount all_done(bell_word);
        if (index == kSleeper) {
            static_cast<void>(
                all_done.sleep(Deadline::never(), [&] { return all_finished(); }, [] {}));
        } else {
            // The second consumer takes the last item.
            if (index == 2) head_count.store(kPut, std::memory_order_release);
            finished[index - 1].exchange(1);
            announce_finished(all_done);
        }
    }
};

}  // namespace

bool put_wakes_a_sleeper(Without without) { return holds<Puts<1>>(mutation_of(without)); }

// Three threads have too many orders for all of them.
constexpr unsigned kPreemptions = 3;

bool two_puts_wake_a_sleeper(Without without) {
    return holds<Puts<2>>(mutation_of(without), kPreemptions);
}

bool task_done_wakes_a_joiner(Without without) {
    return holds<TaskDones>(mutation_of(without), kPreemptions);
}

}  // namespace checked
