// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <filesystem>
#include <set>

#include "procession/wait.h"
#include "support/queue_helpers.h"

// ready_handle(): a queue in an event loop.

namespace procession::testing {
namespace {

bool is_readable(const ReadyHandle& handle, int milliseconds = 0) {
    pollfd watched{handle.native_handle(), POLLIN, 0};
    return ::poll(&watched, 1, milliseconds) == 1;
}
// Without a limit of its own: the watchdog has one.
void wait_for(const ReadyHandle& handle) {
    while (!is_readable(handle, -1)) {}
}

template <class Kind>
class QueueReady : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueReady, BothKinds, KindName);

TYPED_TEST(QueueReady, an_item_makes_it_readable_and_finding_none_ends_that) {
    const typename TestFixture::Ints queue;
    const ReadyHandle items = queue.ready_handle();
    EXPECT_FALSE(is_readable(items));
    for (int i = 0; i < 100; ++i) {
        queue.put(i);
        wait_for(items);
        EXPECT_EQ(take(queue), i);
        EXPECT_FALSE(queue.try_get().has_value());
        EXPECT_FALSE(is_readable(items));
    }
}

TYPED_TEST(QueueReady, it_is_readable_at_once_when_items_wait) {
    const typename TestFixture::Ints queue;
    queue.put(1);
    wait_for(queue.ready_handle());
}

TYPED_TEST(QueueReady, it_stays_readable_while_items_are_left) {
    const typename TestFixture::Ints queue;
    queue.put_many(std::vector{1, 2});
    const ReadyHandle items = queue.ready_handle();
    wait_for(items);
    EXPECT_EQ(take(queue), 1);
    EXPECT_TRUE(is_readable(items));
}

TYPED_TEST(QueueReady, room_makes_the_other_one_readable) {
    const typename TestFixture::Ints queue(2);
    const ReadyHandle room = queue.ready_handle(Ready::room);
    wait_for(room);
    queue.put_many(std::vector{1, 2});
    EXPECT_FALSE(queue.try_put(3).has_value());
    EXPECT_FALSE(is_readable(room));
    EXPECT_EQ(take(queue), 1);
    wait_for(room);
    EXPECT_TRUE(queue.try_put(3).has_value());
}

TYPED_TEST(QueueReady, room_is_room_for_what_found_none) {
    QueueOptions options;
    options.max_bytes = 1000;
    const typename TestFixture::Texts queue(options);
    queue.put(std::string(300, 'a'));
    queue.put(std::string(300, 'b'));
    const ReadyHandle room = queue.ready_handle(Ready::room);
    wait_for(room);
    EXPECT_FALSE(queue.try_put(std::string(600, 'c')).has_value());
    EXPECT_FALSE(is_readable(room, 30)) << "there is room for less only";
    EXPECT_EQ(take(queue), std::string(300, 'a'));
    wait_for(room);
    EXPECT_TRUE(queue.try_put(std::string(600, 'c')).has_value());
}

TYPED_TEST(QueueReady, shutdown_makes_both_readable_for_ever) {
    const typename TestFixture::Ints queue(1);
    queue.put(1);
    const ReadyHandle items = queue.ready_handle();
    const ReadyHandle room = queue.ready_handle(Ready::room);
    EXPECT_FALSE(queue.try_put(3).has_value());
    queue.shutdown();
    wait_for(items);
    wait_for(room);
    EXPECT_EQ(take(queue), 1);
    EXPECT_EQ(queue.try_get().error(), GetError::shut_down);
    EXPECT_TRUE(is_readable(items));
}

TYPED_TEST(QueueReady, closing_the_queue_makes_it_readable) {
    const typename TestFixture::Ints queue;
    const ReadyHandle items = queue.ready_handle();
    queue.close();
    wait_for(items);
    EXPECT_THROW(static_cast<void>(queue.ready_handle()), ClosedError);
}

TYPED_TEST(QueueReady, a_wakeup_is_passed_on_to_the_taker) {
    const typename TestFixture::Ints queue;
    const ReadyHandle items = queue.ready_handle();
    OnThread getter([&] { EXPECT_EQ(take(queue), 7); });
    getter.until_asleep();
    queue.put(7);
    getter.join();
}

TYPED_TEST(QueueReady, handles_of_one_queue_are_one_and_outlive_each_other) {
    const typename TestFixture::Ints queue;
    auto one = std::make_optional(queue.ready_handle());
    const ReadyHandle two = queue.ready_handle();
    EXPECT_EQ(one->native_handle(), two.native_handle());
    one.reset();
    queue.put(1);
    wait_for(two);
}

TYPED_TEST(QueueReady, it_outlives_the_last_handle_of_the_queue) {
    auto queue = std::make_optional<typename TestFixture::Ints>();
    const ReadyHandle items = queue->ready_handle();
    queue.reset();
    EXPECT_FALSE(is_readable(items, 20));
}

TYPED_TEST(QueueReady, a_fork_child_makes_its_own) {
    // Seen: the child waits for a lock of ASan's allocator that a thread of the parent had.
    if (sanitized) GTEST_SKIP() << "a sanitizer's own locks do not survive a fork beside a thread";
    const typename TestFixture::Ints queue;
    const typename TestFixture::Ints answers;
    std::optional<ReadyHandle> items = queue.ready_handle();
    Process child(fork, [&] {
        items.reset();
        items = queue.ready_handle();
        wait_for(*items);
        answers.put(take(queue));
        must(!queue.try_get().has_value());
        must(!is_readable(*items));
    });
    queue.put(5);
    EXPECT_EQ(take(answers), 5);
    EXPECT_TRUE(ends_well(child));
    static_cast<void>(queue.try_get());  // the child was faster
    queue.put(6);
    wait_for(*items);
    EXPECT_EQ(take(queue), 6);
}

template <class Kind>
class QueueReadyStarted : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueReadyStarted, BothKindsStarted, KindName);

template <class Ints>
void answer_by_events(const Ints& questions, const Ints& answers) {
    const ReadyHandle items = questions.ready_handle();
    for (;;) {
        wait_for(items);
        auto question = questions.try_get();
        if (question.has_value()) {
            answers.put(value_of(std::move(*question)) + 1);
        } else if (question.error() == GetError::shut_down) {
            return;
        }
    }
}

TYPED_TEST(QueueReadyStarted, no_event_is_lost_between_processes) {
    const typename TestFixture::Ints questions;
    const typename TestFixture::Ints answers;
    Process child(TypeParam::method, answer_by_events<typename TestFixture::Ints>, questions,
                  answers);
    const ReadyHandle items = answers.ready_handle();
    for (int i = 0; i < 2000; ++i) {
        questions.put(i);
        for (;;) {
            wait_for(items);
            auto answer = answers.try_get();
            if (!answer.has_value()) continue;
            ASSERT_EQ(value_of(std::move(*answer)), i + 1);
            break;
        }
    }
    questions.shutdown();
    EXPECT_TRUE(ends_well(child));
}

TEST(QueueReadyDeaths, an_item_that_comes_back_makes_it_readable) {
    const JoinableQueue<int> queue;
    const Queue<int> taken;
    queue.put(1);
    Process child(fork, [&] {
        auto item = queue.get();
        taken.put(*item);
        for (;;) ::pause();
    });
    EXPECT_EQ(taken.get(), 1);
    const ReadyHandle items = queue.ready_handle();
    EXPECT_FALSE(queue.try_get().has_value());
    ASSERT_EQ(::kill(child.pid(), SIGKILL), 0);
    wait_for(items);
    auto again = queue.get_nowait();
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
    child.join();
}

// The loop of docs/queues.md.
int serve(const JoinableQueue<int>& jobs) {
    int sum = 0;
    const ReadyHandle items = jobs.ready_handle();
    pollfd watched{items.native_handle(), POLLIN, 0};
    for (;;) {
        ::poll(&watched, 1, -1);  // or epoll, asio, ...
        auto job = jobs.try_get();
        for (; job; job = jobs.try_get()) {  // until there is nothing
            sum += **job;
            job->done();
        }
        if (job.error() == GetError::shut_down) return sum;  // it stays readable: stop
    }
}

TEST(QueueReadyLoop, of_the_documentation_ends_at_the_shutdown) {
    const JoinableQueue<int> jobs;
    jobs.put_many(std::vector{1, 2});
    OnThread server([&] { EXPECT_EQ(serve(jobs), 6); });
    EXPECT_TRUE(jobs.join());
    jobs.put(3);
    EXPECT_TRUE(jobs.join());
    jobs.shutdown();
}

// ---- wait()

const std::vector<std::size_t> kFirst{0};

std::set<std::string> threads_of_this_process() {
    std::set<std::string> ids;
    for (const auto& each : std::filesystem::directory_iterator("/proc/self/task"))
        ids.insert(each.path().filename());
    return ids;
}

TEST(WaitForAQueue, that_was_waited_for_starts_no_thread) {
    const Queue<int> queue;
    queue.put(1);
    const std::size_t before = threads_of_this_process().size();
    EXPECT_EQ(wait({queue}), kFirst);
    const auto first = threads_of_this_process();
    EXPECT_EQ(first.size(), before + 1);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(wait({queue}), kFirst);
    EXPECT_EQ(threads_of_this_process(), first);
}

TEST(WaitForAQueue, ends_its_thread_with_the_handle_that_was_given) {
    const std::size_t before = threads_of_this_process().size();
    Queue<int> another;
    {
        Queue<int> queue;
        queue.put(1);
        EXPECT_EQ(wait({queue}), kFirst);
        another = queue;
        Queue<int> moved = std::move(queue);
        EXPECT_EQ(wait({moved}), kFirst);
    }
    EXPECT_EQ(threads_of_this_process().size(), before);
    EXPECT_EQ(another.get(), 1);
}

TEST(WaitForAQueue, works_in_a_fork_child_whose_parent_has_waited) {
    PROCESSION_NEEDS_FORK();
    if (sanitized) GTEST_SKIP() << "a sanitizer's own locks do not survive a fork beside a thread";
    const Queue<int> queue;
    queue.put(1);
    EXPECT_EQ(wait({queue}), kFirst);
    EXPECT_EQ(queue.get(), 1);
    Process child(fork, [&] {
        must(wait({queue}) == kFirst);
        must(queue.get() == 2);
    });
    queue.put(2);
    EXPECT_TRUE(ends_well(child));
}

}  // namespace
}  // namespace procession::testing
