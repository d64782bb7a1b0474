// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <pthread.h>

#include <functional>
#include <future>
#include <utility>

#include "support/asleep.h"

namespace procession::testing {

/// A thread that can be cancelled (pthread_cancel), and of which is known in which system call it
/// waits. was_cancelled(), which waits for its end, is to be called once.
class PosixThread {
  public:
    explicit PosixThread(std::function<void()> act) : act_(std::move(act)) {
        EXPECT_EQ(::pthread_create(&thread_, nullptr, run, this), 0);
    }
    PosixThread(const PosixThread&) = delete;
    PosixThread& operator=(const PosixThread&) = delete;

    /// Returns when it waits in this system call, or has ended.
    void until_asleep_in(long system_call) {
        testing::until_asleep_in(system_call, this_process(), id_.get_future().get());
    }
    void cancel() { ::pthread_cancel(thread_); }
    [[nodiscard]] bool was_cancelled() const {
        void* result = nullptr;
        ::pthread_join(thread_, &result);
        return result == PTHREAD_CANCELED;
    }

  private:
    static void* run(void* self) {
        auto* const thread = static_cast<PosixThread*>(self);
        thread->id_.set_value(this_thread());
        thread->act_();
        return nullptr;
    }

    std::function<void()> act_;
    std::promise<pid_t> id_;
    pthread_t thread_{};
};

}  // namespace procession::testing
