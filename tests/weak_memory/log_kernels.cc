// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Chunks of the log, line by line as in the code that each comment names.
#include "weak_memory/checked.h"
#include "weak_memory/kernels.h"

namespace checked {
namespace {

// What Without::order stands for; set before a program runs.
bool is_old_order = false;

enum Lease : std::uint64_t { held = 1, finished = 2 };

// LeaseTable::retire() beside LeaseHolder::try_finish_fast(), for the last item of a chunk.
struct LeavesAChunk : rl::test_suite<LeavesAChunk, 2> {
    std::atomic<std::uint64_t> lease;
    std::atomic<std::uint32_t> passed;
    rl::mutex memory_lock;
    rl::var<int> given_back;

    void before() {
        const std::Caller here;
        lease.store(held, std::memory_order_relaxed);
        passed.store(0, std::memory_order_relaxed);
        given_back(here.info) = 0;
    }
    // LeaseTable::recount_finished(), under the memory lock: Records::count_finished(), then
    // BlockPool::give().
    void recount_finished() {
        const std::Caller here;
        if (passed.load() == 0) return;
        const auto order = is_old_order ? std::memory_order_acquire : std::memory_order_seq_cst;
        const bool all_finished = lease.load(order) == finished;
        if (all_finished) given_back(here.info) = 1;
    }
    void thread(unsigned index) {
        const std::Caller here;
        if (index == 0) {  // retire()
            memory_lock.lock(here.info);
            passed.exchange(1);
            recount_finished();
            memory_lock.unlock(here.info);
        } else {  // try_finish_fast()
            std::uint64_t open = held;
            lease.compare_exchange_strong(open, finished);
            if (passed.load() == 0) return;
            memory_lock.lock(here.info);  // settle_after_commit()
            recount_finished();
            memory_lock.unlock(here.info);
        }
    }
    void after() {
        const std::Caller here;
        RL_ASSERT(static_cast<int>(given_back(here.info)) == 1);
    }
};

// LogTail::link() and a payload written behind it, beside Records::peek_lease() with a ticket of
// the chunk that was there before. The payload equals the lease as the ticket knows it.
struct UsesAChunkAgain : rl::test_suite<UsesAChunkAgain, 2> {
    static constexpr std::uint64_t kBefore = 7;
    static constexpr std::uint64_t kAfter = 8;
    std::atomic<std::uint64_t> first_count;
    std::atomic<std::uint64_t> lease;

    void before() {
        first_count.store(kBefore, std::memory_order_relaxed);
        lease.store(finished, std::memory_order_relaxed);
    }
    void thread(unsigned index) {
        if (index == 0) {
            first_count.store(kAfter, std::memory_order_release);
            std::atomic_thread_fence(std::memory_order_release);
            lease.store(held, std::memory_order_relaxed);  // copy_bytes(), by plain stores
        } else {
            const std::uint64_t seen = lease.load(std::memory_order_acquire);
            const bool same_chunk = first_count.load(std::memory_order_acquire) == kBefore;
            RL_ASSERT(!(same_chunk && seen == held));
        }
    }
};

// OperationGuard, where each thread fences for itself, beside OpenObject::close(), which unmaps the
// memory when no thread is inside.
struct ClosesBesideAThread : rl::test_suite<ClosesBesideAThread, 2> {
    std::atomic<std::uint32_t> inside;
    std::atomic<std::uint32_t> closed;
    rl::var<int> mapping;

    void before() {
        const std::Caller here;
        inside.store(0, std::memory_order_relaxed);
        closed.store(0, std::memory_order_relaxed);
        mapping(here.info) = 1;
    }
    void thread(unsigned index) {
        const std::Caller here;
        if (index == 0) {
            inside.store(1, std::memory_order_relaxed);  // OperationGuard::enter_unusually()
            std::atomic_thread_fence(std::memory_order_seq_cst);  // there
            if (closed.load(std::memory_order_relaxed) == 0) {    // OpenObject::is_usable()
                RL_ASSERT(static_cast<int>(mapping(here.info)) == 1);
            }
            inside.store(0, std::memory_order_release);  // OperationGuard::leave()
        } else {
            closed.exchange(1);                                   // OpenObject::close()
            std::atomic_thread_fence(std::memory_order_seq_cst);  // barrier_in_all_threads()
            const bool others_inside = inside.load(std::memory_order_acquire) != 0;
            if (!others_inside) mapping(here.info) = 0;
        }
    }
};

template <class Suite>
bool holds_without(Without without) {
    is_old_order = without == Without::order;
    return holds<Suite>({.without_fences = without == Without::fences});
}

}  // namespace

bool left_chunk_is_freed(Without without) { return holds_without<LeavesAChunk>(without); }

bool payload_is_no_lease(Without without) { return holds_without<UsesAChunkAgain>(without); }

bool close_waits_for_a_thread_inside(Without without) {
    return holds_without<ClosesBesideAThread>(without);
}

}  // namespace checked
