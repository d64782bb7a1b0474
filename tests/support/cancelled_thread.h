// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <pthread.h>

#include <functional>
#include <future>
#include <utility>

#include "support/asleep.h"

namespace procession::testing {

/// A thread that can be cancelled (pthread_cancel). was_cancelled() is to be called once.
class CancelledThread {
  public:
    explicit CancelledThread(std::function<void()> act) : act_(std::move(act)) {
        EXPECT_EQ(::pthread_create(&thread_, nullptr, run, this), 0);
    }
    CancelledThread(const CancelledThread&) = delete;
    CancelledThread& operator=(const CancelledThread&) = delete;

    /// Returns when it waits in this system call, or has ended.
    void until_asleep_in(long system_call) {
        testing::until_asleep_in(system_call, this_process(), id_.get_future().get());
    }
    void cancel() { ::pthread_cancel(thread_); }
    /// Waits for its end.
    [[nodiscard]] bool was_cancelled() const {
        void* result = nullptr;
        ::pthread_join(thread_, &result);
        return result == PTHREAD_CANCELED;
    }

  private:
    static void* run(void* self) {
        auto* const thread = static_cast<CancelledThread*>(self);
        thread->id_.set_value(this_thread());
        thread->act_();
        return nullptr;
    }

    std::function<void()> act_;
    std::promise<pid_t> id_;
    pthread_t thread_{};
};

}  // namespace procession::testing
