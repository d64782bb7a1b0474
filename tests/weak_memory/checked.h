// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <iostream>
#include <limits>
#include <list>
#include <map>
#include <queue>
#include <sstream>
#include <stack>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "base/step.h"
#include "os/barrier.h"
#include "os/futex.h"
#include "procession/deadline.h"

// Relacy runs small programs of several threads on its own atomics, in every order of their steps,
// and lets each load return every value that ISO C++ allows, whatever this processor would do.
#include <relacy/relacy.hpp>
#undef $
#undef VAR
#undef VAR_T
#undef TLS_T
#undef assert
#undef calloc
#undef delete
#undef errno
#undef free
#undef malloc
#undef memory_order_acq_rel
#undef memory_order_acquire
#undef memory_order_consume
#undef memory_order_relaxed
#undef memory_order_release
#undef memory_order_seq_cst
#undef new
#undef realloc

/// A world with the same names, in which std::atomic and its fences are Relacy's. A header of the
/// library that is included inside this namespace is compiled as it stands, and checked:
///
///     namespace checked {
///     #include "shm/event_count.h"
///     }
///
/// What such a header includes must have been included before, outside.
namespace checked {

/// What is left out of the code, to see that it is missed.
struct Mutation {
    bool without_fence_after_rmw = false;
    bool without_fences = false;
};
inline Mutation mutation;

namespace std {

using namespace ::std;

constexpr rl::memory_order order_of(memory_order order) {
    switch (order) {
        case memory_order_relaxed: return rl::mo_relaxed;
        case memory_order_consume: return rl::mo_consume;
        case memory_order_acquire: return rl::mo_acquire;
        case memory_order_release: return rl::mo_release;
        case memory_order_acq_rel: return rl::mo_acq_rel;
        case memory_order_seq_cst: return rl::mo_seq_cst;
    }
    return rl::mo_seq_cst;
}

/// The line of the caller, for Relacy's history of a failure.
struct Caller {
    rl::debug_info info;
    // NOLINTNEXTLINE(google-explicit-constructor): made by a default argument
    Caller(const char* function = __builtin_FUNCTION(), const char* file = __builtin_FILE(),
           int line = __builtin_LINE())
        : info(function, file, static_cast<unsigned>(line)) {}
};

template <class T>
class atomic {
  public:
    atomic(T value = T()) : value_(value) {}  // NOLINT: as std::atomic

    T load(memory_order order = memory_order_seq_cst, Caller caller = {}) const {
        return value_(caller.info).load(order_of(order));
    }
    void store(T to, memory_order order = memory_order_seq_cst, Caller caller = {}) {
        value_(caller.info).store(to, order_of(order));
    }
    T exchange(T to, memory_order order = memory_order_seq_cst, Caller caller = {}) {
        return value_(caller.info).exchange(to, order_of(order));
    }
    T fetch_or(T bits, memory_order order = memory_order_seq_cst, Caller caller = {}) {
        return value_(caller.info).fetch_or(bits, order_of(order));
    }
    T fetch_add(T more, memory_order order = memory_order_seq_cst, Caller caller = {}) {
        return value_(caller.info).fetch_add(more, order_of(order));
    }
    bool compare_exchange_strong(T& seen, T to, memory_order order = memory_order_seq_cst,
                                 Caller caller = {}) {
        return value_(caller.info).compare_exchange_strong(seen, to, order_of(order));
    }
    bool compare_exchange_strong(T& seen, T to, memory_order order, memory_order failed,
                                 Caller caller = {}) {
        return value_(caller.info)
            .compare_exchange_strong(seen, to, order_of(order), order_of(failed));
    }
    bool compare_exchange_weak(T& seen, T to, memory_order order = memory_order_seq_cst,
                               Caller caller = {}) {
        return value_(caller.info).compare_exchange_weak(seen, to, order_of(order));
    }

  private:
    rl::atomic<T> value_;
};

inline void atomic_thread_fence(memory_order order, Caller caller = {}) {
    if (!mutation.without_fences) rl::atomic_thread_fence(order_of(order), caller.info);
}
inline void atomic_signal_fence(memory_order /*order*/) {}

}  // namespace std

namespace procession::inline v0 {

using ::procession::Deadline;

namespace detail::os {

/// The kernel's list of sleepers at a word; a slice never ends.
class Futex {
  public:
    void wait(std::atomic<std::uint32_t>& word, std::uint32_t expected) {
        const std::Caller here;
        bucket_.lock(here.info);
        if (word.load(std::memory_order_relaxed) == expected) sleepers_.wait(bucket_, here.info);
        bucket_.unlock(here.info);
    }
    void wake(int count) {
        const std::Caller here;
        bucket_.lock(here.info);
        count == 1 ? sleepers_.notify_one(here.info) : sleepers_.notify_all(here.info);
        bucket_.unlock(here.info);
    }

  private:
    rl::mutex bucket_;
    rl::condition_variable sleepers_;
};
inline Futex* futex = nullptr;  // of the program that runs

using ::procession::detail::os::FutexResult;
inline FutexResult futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                              std::chrono::nanoseconds /*limit*/) {
    futex->wait(word, expected);
    return FutexResult::woken;
}
inline void futex_wake(std::atomic<std::uint32_t>& /*word*/, int count) { futex->wake(count); }
inline void pause() {}

/// As outside of x86.
inline void fence_after_rmw() {
    if (!mutation.without_fence_after_rmw) {
        std::atomic_thread_fence(std::memory_order_seq_cst);
    }
}

}  // namespace detail::os
}  // namespace procession::inline v0

/// Every order of steps is tried.
inline constexpr unsigned kUnbounded = 0;

/// Whether the program `Suite` holds in every order that takes a running thread's turn away at most
/// `preemptions` times: no assertion fails, none of its threads sleeps for ever. What is wrong with
/// it is printed.
template <class Suite>
bool holds(const Mutation& left_out, unsigned preemptions = kUnbounded) {
    mutation = left_out;
    rl::test_params params;
    params.search_type = preemptions == kUnbounded ? rl::fair_full_search_scheduler_type
                                                   : rl::fair_context_bound_scheduler_type;
    params.context_bound = preemptions;
    params.progress_stream = &::std::cout;
    params.progress_output_period = 1000;
    const bool result = rl::simulate<Suite>(params);
    mutation = {};
    return result;
}

}  // namespace checked
