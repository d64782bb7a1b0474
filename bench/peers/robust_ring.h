// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <pthread.h>

#include <cerrno>
#include <cstddef>
#include <system_error>

#include "team.h"

namespace procession::bench {

/// The bounded buffer of the textbooks between processes: one mutex, two condition variables. The
/// mutex is robust, so that the death of its owner does not block the others: the next owner is
/// told (EOWNERDEAD) and declares the state consistent, as pthread_mutex_consistent(3) shows.
template <class T>
class RobustRing {
  public:
    using value_type = T;

    explicit RobustRing(std::size_t capacity) : shared_(1), slots_(capacity) {
        pthread_mutexattr_t mutex;
        ::pthread_mutexattr_init(&mutex);
        ::pthread_mutexattr_setpshared(&mutex, PTHREAD_PROCESS_SHARED);
        ::pthread_mutexattr_setrobust(&mutex, PTHREAD_MUTEX_ROBUST);
        require(::pthread_mutex_init(&state().mutex, &mutex));
        ::pthread_mutexattr_destroy(&mutex);
        pthread_condattr_t condition;
        ::pthread_condattr_init(&condition);
        ::pthread_condattr_setpshared(&condition, PTHREAD_PROCESS_SHARED);
        require(
            ::pthread_cond_init(&state().not_empty, &condition));  // style-ok(banned_call): a peer
        require(
            ::pthread_cond_init(&state().not_full, &condition));  // style-ok(banned_call): a peer
        ::pthread_condattr_destroy(&condition);
    }

    void put(const T& item) {
        lock();
        while (state().count == slots_.size()) wait(state().not_full);
        slots_[wrapped(state().first + state().count)] = item;
        ++state().count;
        require(::pthread_cond_signal(&state().not_empty));  // style-ok(banned_call): a peer
        require(::pthread_mutex_unlock(&state().mutex));
    }
    void take(T& item) {
        lock();
        while (state().count == 0) wait(state().not_empty);
        item = slots_[state().first];
        state().first = wrapped(state().first + 1);
        --state().count;
        require(::pthread_cond_signal(&state().not_full));  // style-ok(banned_call): a peer
        require(::pthread_mutex_unlock(&state().mutex));
    }

  private:
    struct State {
        pthread_mutex_t mutex;
        pthread_cond_t not_empty;  // style-ok(banned_call): a peer
        pthread_cond_t not_full;   // style-ok(banned_call): a peer
        std::size_t first;
        std::size_t count;
    };

    [[nodiscard]] std::size_t wrapped(std::size_t place) const {
        return place < slots_.size() ? place : place - slots_.size();
    }
    [[nodiscard]] State& state() const { return shared_[0]; }
    static void require(int code) {
        if (code != 0) throw std::system_error(code, std::system_category(), "robust ring");
    }
    void owned(int code) {
        if (code == EOWNERDEAD) code = ::pthread_mutex_consistent(&state().mutex);
        require(code);
    }
    void lock() { owned(::pthread_mutex_lock(&state().mutex)); }
    void wait(pthread_cond_t& condition) {  // style-ok(banned_call): a peer
        const int code =
            ::pthread_cond_wait(&condition, &state().mutex);  // style-ok(banned_call): a peer
        owned(code);
    }

    // Not destroyed: a process that was killed in it may seem to hold it still.
    SharedArray<State> shared_;
    SharedArray<T> slots_;
};

}  // namespace procession::bench
