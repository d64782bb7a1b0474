// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A sandbox that refuses membarrier(2) from the start: threads fence for themselves.
#include <gtest/gtest.h>

#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <thread>

#include "os/barrier.h"
#include "os/linux/fault_hook.h"
#include "procession/error.h"
#include "procession/queue.h"
#include "shm/active_operations.h"
#include "support/asleep.h"

namespace procession {

using namespace detail;
namespace {

int refuse_membarrier(os::calls::Call call) noexcept {
    return call == os::calls::Call::membarrier ? EPERM : 0;
}

struct Object final : shm::OperationTarget {
    void operation_cut_short() noexcept override {}
};

// Deeper in the stack: at the same place of it, longjmp would have left the first one.
template <class Look>
[[gnu::noinline]] void enter(Object& object, Look look) {
    const shm::OperationGuard there(&object);
    look();
}
template <class Look>
[[gnu::noinline]] void enter_both(Object& object, Object& other, Look look) {
    const shm::OperationGuard again(&object);
    enter(other, look);
}

class WithoutMembarrier : public ::testing::Test {
  protected:
    WithoutMembarrier() { os::calls::fault_hook.store(refuse_membarrier); }
    ~WithoutMembarrier() override { os::calls::fault_hook.store(nullptr); }
    WithoutMembarrier(const WithoutMembarrier&) = delete;
    WithoutMembarrier& operator=(const WithoutMembarrier&) = delete;

    void SetUp() override { ASSERT_FALSE(os::has_barrier_in_all_threads()); }
};

TEST_F(WithoutMembarrier, a_thread_is_seen_inside_an_object_and_outside_of_it) {
    Object object;
    Object other;
    const auto seen_inside = [](const Object& which) {
        bool seen = false;
        std::thread([&] { seen = shm::OperationGuard::others_inside(&which); }).join();
        return seen;
    };
    {
        const shm::OperationGuard here(&object);
        EXPECT_TRUE(seen_inside(object));
        EXPECT_FALSE(seen_inside(other));
        enter_both(object, other, [&] {
            EXPECT_TRUE(seen_inside(object));
            EXPECT_TRUE(seen_inside(other));
        });
        EXPECT_TRUE(seen_inside(object));
        EXPECT_FALSE(seen_inside(other));
    }
    EXPECT_FALSE(seen_inside(object));
    const shm::OperationGuard later(&other);
    EXPECT_TRUE(seen_inside(other));
    EXPECT_FALSE(seen_inside(object));
}

TEST_F(WithoutMembarrier, close_sends_a_waiting_thread_out_first) {
    Queue<std::string> queue;
    std::atomic<pid_t> consumer{0};
    bool was_told = false;
    std::thread thread([&] {
        consumer.store(::gettid());
        consumer.notify_all();
        try {
            static_cast<void>(queue.get());
        } catch (const ClosedError&) {
            was_told = true;
        }
    });
    consumer.wait(0);
    testing::until_asleep(::getpid(), consumer.load());
    queue.close();
    thread.join();
    EXPECT_TRUE(was_told);
}

}  // namespace
}  // namespace procession
