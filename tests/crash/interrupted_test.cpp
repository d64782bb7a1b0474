// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Orderly things at disorderly moments: what a signal handler does that interrupts an operation,
// operations left by longjmp or with their thread, threads at work when the process ends, sinks
// that use the queue. The mistake is one process's; the queue is sound for all others.

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <functional>
#include <optional>
#include <string>
#include <thread>

#include "procession/procession.h"
#include "support/asleep.h"
#include "support/gate.h"
#include "support/posix_thread.h"
#include "support/queue_helpers.h"
#include "support/shared_notes.h"
#include "support/sudden_death.h"

#ifdef PROCESSION_KILL_POINTS

namespace procession {
namespace {

using namespace std::chrono_literals;
using testing::at_step;
using testing::PosixThread;

std::function<void()> handle;  // what the handler of SIGUSR1 does

void handle_signal(int) { handle(); }

/// This thread is interrupted when it next comes to the step.
void interrupt_at(const char* step, std::function<void()> handler) {
    handle = std::move(handler);
    std::signal(SIGUSR1, handle_signal);
    at_step(step, [] { std::raise(SIGUSR1); });
}

/// How a fork child ended that has run the function.
int status_of(const std::function<void()>& act) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        testing::ignore_leaks_of_this_process();
        act();
        ::_exit(77);
    }
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {}
    return status;
}
bool exited_with(int status, int code) { return WIFEXITED(status) && WEXITSTATUS(status) == code; }

template <class Queue>
void expect_sound(const Queue& queue) {
    static_cast<void>(queue.bytes().notice_deaths());
    while (!queue.empty()) static_cast<void>(testing::take(queue, Deadline::now()));
    queue.put(1);
    queue.put(2);
    EXPECT_EQ(testing::take(queue, Deadline::now()), 1);
    EXPECT_EQ(testing::take(queue, Deadline::now()), 2);
    testing::expect_joined(queue);
}

template <class Kind>
class Interrupted : public testing::ForKind<Kind> {};
TYPED_TEST_SUITE(Interrupted, testing::BothKinds, testing::KindName);

TYPED_TEST(Interrupted, by_a_handler_that_calls_exit_a_process_leaves_as_if_killed) {
    typename TestFixture::Ints queue;
    queue.put(7);
    for (const char* step : {"lock.acquired", "lock.releasing", "lock.released"}) {
        for (const auto leave :
             {+[] { std::exit(0); }, +[] { std::quick_exit(0); }, +[] { ::_exit(0); }}) {
            const int status = status_of([&] {
                static auto own = std::move(queue);  // exit() destroys it
                interrupt_at(step, leave);
                own.put(1);
            });
            EXPECT_TRUE(exited_with(status, 0)) << step << ' ' << status;
            expect_sound(queue);
        }
    }
}

TYPED_TEST(Interrupted, by_exit_in_a_handler_while_it_waits_a_process_ends) {
    typename TestFixture::Ints queue;
    const int status = status_of([&] {
        static auto own = std::move(queue);
        interrupt_at("event_count.armed", [] { std::exit(0); });
        static_cast<void>(own.get());
    });
    EXPECT_TRUE(exited_with(status, 0)) << status;
    expect_sound(queue);
}

TYPED_TEST(Interrupted, by_a_handler_that_calls_shutdown_an_operation_does_it_when_it_ends) {
    for (const char* step : {"lock.acquired", "lock.releasing", "lock.released"}) {
        typename TestFixture::Ints queue;
        interrupt_at(step, [&] { queue.shutdown(); });
        queue.put(1);
        EXPECT_THROW(queue.put(2), ShutDown) << step;
        EXPECT_EQ(testing::take(queue), 1) << step;
        EXPECT_THROW(static_cast<void>(queue.get()), ShutDown) << step;
    }
}

TYPED_TEST(Interrupted, by_a_handler_that_calls_shutdown_a_waiter_is_told) {
    for (const char* step : {"event_count.armed", "event_count.woken"}) {
        for (const bool immediate : {false, true}) {
            typename TestFixture::Ints queue;
            interrupt_at(step, [&] { queue.shutdown(immediate); });
            EXPECT_THROW(static_cast<void>(queue.get()), ShutDown) << step;
        }
    }
}

TYPED_TEST(Interrupted, by_a_handler_that_shuts_down_at_once_what_waits_is_dropped) {
    typename TestFixture::Ints queue;
    queue.put(1);
    interrupt_at("lock.releasing", [&] { queue.shutdown(true); });
    queue.put(2);
    EXPECT_THROW(static_cast<void>(queue.get()), ShutDown);
    EXPECT_EQ(queue.qsize(), 0U);
    testing::expect_joined(queue);
}

TYPED_TEST(Interrupted,
           by_a_handler_that_uses_the_queue_an_operation_goes_on_and_the_call_is_refused) {
    typename TestFixture::Ints queue;
    int refused = 0;
    const auto refuse = [&](const auto& call) {
        try {
            call();
        } catch (const ValueError& error) {
            refused += testing::contains(error.what(), "called from inside itself") ? 1 : 0;
        }
    };
    for (const char* step : {"lock.acquired", "lock.releasing"}) {
        refused = 0;
        interrupt_at(step, [&] {
            refuse([&] { queue.put(9); });
            refuse([&] { static_cast<void>(queue.get()); });
            refuse([&] { static_cast<void>(queue.try_get()); });
            refuse([&] { queue.put_many(std::vector<int>{8, 9}); });
            refuse([&] { static_cast<void>(queue.get_many(3)); });
            refuse([&] { static_cast<void>(queue.qsize()); });
            refuse([&] { static_cast<void>(queue.stats()); });
            refuse([&] { static_cast<void>(queue.dead_letters()); });
            refuse([&] { queue.close(); });
        });
        queue.put(1);
        EXPECT_EQ(refused, 9) << step;
        EXPECT_EQ(testing::take(queue), 1);
        EXPECT_EQ(queue.qsize(), 0U);
    }
}

sigjmp_buf elsewhere;

/// Whether the operation was left by siglongjmp at the step.
template <class Act>
[[gnu::noinline]] bool is_left_at(const char* step, Act act) {
    if (sigsetjmp(elsewhere, 1) != 0) return true;
    interrupt_at(step, [] { siglongjmp(elsewhere, 1); });
    act();
    return false;
}

TYPED_TEST(Interrupted, by_longjmp_an_operation_is_as_if_its_process_had_died_and_it_joins_again) {
    for (const char* step : {"lock.acquired", "lock.releasing", "lock.released"}) {
        typename TestFixture::Ints queue;
        const int status = status_of([&] {
            testing::must(is_left_at(step, [&] { queue.put(1); }));
            queue.put(2);
            const int first = testing::take(queue, Deadline::now());
            if (first == 1) testing::must(testing::take(queue, Deadline::now()) == 2);
            testing::must(first == 1 || first == 2);
            testing::must(queue.stats().deaths == 1);
            testing::must(queue.stats().participants == 2);
            queue.close();
            ::_exit(0);
        });
        EXPECT_TRUE(exited_with(status, 0)) << step << ' ' << status;
        expect_sound(queue);
    }
}

TEST(InterruptedLease, of_a_process_that_leaves_by_longjmp_is_given_back) {
    JoinableQueue<int> queue;
    queue.put(1);
    queue.put(2);
    auto held = queue.get();
    ASSERT_TRUE(is_left_at("lock.acquired", [&] { queue.put(3); }));
    EXPECT_EQ(queue.qsize(), 2U);
    EXPECT_THROW(held.done(), ValueError);
    auto again = queue.get();
    EXPECT_EQ(*again, 1);
    EXPECT_EQ(again.deliveries(), 2U);
    again.done();
    queue.get().done();
    EXPECT_TRUE(queue.join(Deadline::now()));
}

TYPED_TEST(Interrupted, by_longjmp_a_waiter_leaves_and_other_threads_go_on) {
    typename TestFixture::Ints queue;
    std::optional<int> got;
    testing::OnThread other([&] { got = testing::take(queue); });
    other.until_asleep();
    ASSERT_TRUE(is_left_at("event_count.armed", [&] { static_cast<void>(queue.get()); }));
    queue.put(5);
    other.join();
    EXPECT_EQ(got, 5);
    expect_sound(queue);
}

TYPED_TEST(Interrupted, by_the_end_of_its_thread_an_operation_does_not_keep_others) {
    typename TestFixture::Ints queue;
    // The thread never goes on: its end, and not its next call, tells. pthread_exit() would unwind
    // through functions that must not throw.
    std::thread thread([&] {
        if (is_left_at("lock.acquired", [&] { queue.put(1); })) return;
        ADD_FAILURE() << "the operation was not left";
    });
    thread.join();
    expect_sound(queue);
    EXPECT_EQ(queue.stats().deaths, 1U);
}

TYPED_TEST(Interrupted, while_memory_is_loaned_a_process_stays_until_the_loan_ends) {
    typename TestFixture::Ints queue;
    {
        const ByteLoan loan = queue.bytes().loan(10'000);
        ASSERT_TRUE(is_left_at("lock.acquired", [&] { queue.put(1); }));
        EXPECT_TRUE(testing::contains(testing::message_of<ProcessError>([&] { queue.put(2); }),
                                      "end its loans and views"));
    }
    expect_sound(queue);
}

// Cancellation.

TYPED_TEST(Interrupted, by_cancellation_a_waiter_ends_at_its_wait_and_nothing_is_lost) {
    QueueOptions options;
    options.maxsize = 1;
    typename TestFixture::Ints queue{options};
    PosixThread getter([&] { static_cast<void>(queue.get()); });
    getter.cancel();
    EXPECT_TRUE(getter.was_cancelled());
    queue.put(1);
    PosixThread putter([&] { queue.put(2); });
    putter.cancel();
    EXPECT_TRUE(putter.was_cancelled());
    EXPECT_EQ(testing::take(queue, Deadline::now()), 1);
    EXPECT_EQ(queue.qsize(), 0U);
    EXPECT_EQ(queue.stats().deaths, 0U);
    testing::expect_joined(queue);
}

TYPED_TEST(Interrupted, by_cancellation_a_consumer_ends_whose_waits_are_all_short) {
    typename TestFixture::Ints queue;
    std::atomic<bool> has_ended{false};
    PosixThread consumer([&] {
        struct AtEnd {
            std::atomic<bool>& told;
            ~AtEnd() { told.store(true); }
        } const at_end{has_ended};
        for (;;) static_cast<void>(testing::take(queue));
    });
    for (int i = 0; i < 10; ++i) queue.put(i);
    consumer.cancel();
    while (!has_ended.load()) {
        if (queue.empty()) queue.put(1);  // so each wait ends at once
    }
    EXPECT_TRUE(consumer.was_cancelled());
    while (!queue.empty()) static_cast<void>(testing::take(queue));
    EXPECT_EQ(queue.stats().deaths, 0U);
    testing::expect_joined(queue);
}

TYPED_TEST(Interrupted, by_cancellation_in_the_middle_an_operation_comes_to_its_end) {
    typename TestFixture::Ints queue;
    for (const char* step : {"lock.acquired", "lock.releasing", "lock.released"}) {
        bool came_back = false;
        const PosixThread thread([&] {
            at_step(step, [] { pthread_cancel(pthread_self()); });
            queue.put(1);
            came_back = true;
            pthread_testcancel();
        });
        EXPECT_TRUE(thread.was_cancelled());
        EXPECT_TRUE(came_back) << step;
        EXPECT_EQ(testing::take(queue, Deadline::now()), 1);
    }
    expect_sound(queue);
}

// The end of the process.

TYPED_TEST(Interrupted, by_the_end_of_main_threads_in_a_static_queue_wait_for_the_end) {
    using Jobs = typename TestFixture::Ints;
    const std::function<void(Jobs&)> uses[] = {
        [](Jobs& queue) {
            for (;;) static_cast<void>(testing::take(queue));
        },
        [](Jobs& queue) { static_cast<void>(queue.wait_for_deaths(0)); },
        [](Jobs& queue) {
            for (;;) {
                queue.put(1);
                static_cast<void>(testing::take(queue));
            }
        },
        [](Jobs& queue) {
            for (Jobs copy = queue;;) static_cast<void>(copy.get());
        },
    };
    for (const auto& use : uses) {
        const int status = status_of([&] {
            static Jobs queue;
            static std::atomic<bool> is_in_use{false};
            auto* const thread = new testing::OnThread([&] {
                static_cast<void>(queue.qsize());
                is_in_use.store(true);
                use(queue);
            });
            while (!is_in_use.load()) std::this_thread::yield();
            if (&use != &uses[2]) thread->until_asleep();
            std::exit(0);
        });
        EXPECT_TRUE(exited_with(status, 0)) << &use - &uses[0] << ": " << status;
    }
}

TEST(InterruptedProcess, whose_function_returns_while_a_thread_looks_for_deaths_ends_well) {
    JoinableQueue<int> queue;
    Process child(procession::fork, [&queue] {
        queue.put(1);
        // Inside notice_deaths_quickly(), as Process::join() calls it, when main's part is over.
        at_step("reclaim.locks_repaired", [] { std::this_thread::sleep_for(1h); });
        std::thread([] {
            for (;;) {
                Process grandchild(procession::fork, [] {});
                grandchild.join();
            }
        }).detach();
        std::this_thread::sleep_for(5ms);
    });
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

// Sinks.

template <class Queue>
struct Sink {
    static inline const Queue* queue = nullptr;
    static inline int lines = 0;
    static inline int refused = 0;

    static void take(LogLevel, std::string_view) {
        ++lines;
        try {
            queue->put(100);
            static_cast<void>(testing::take(*queue, 1s));
            static_cast<void>(queue->stats());
        } catch (const Error&) {
            ++refused;
        }
    }
};

TYPED_TEST(Interrupted, by_nothing_a_log_sink_may_use_the_queue_that_it_is_told_of) {
    using Jobs = typename TestFixture::Ints;
    Jobs queue;
    queue.put(1);
    const int status = status_of([&] {
        [[maybe_unused]] const auto held = queue.get();
        ::raise(SIGKILL);
    });
    EXPECT_TRUE(WIFSIGNALED(status));
    Sink<Jobs>::queue = &queue;
    Sink<Jobs>::lines = Sink<Jobs>::refused = 0;
    const LogLevel before = log_level();
    set_log_level(LogLevel::debug);
    set_log_sink(Sink<Jobs>::take);
    EXPECT_EQ(queue.bytes().notice_deaths(), 1U);
    set_log_sink(nullptr);
    set_log_level(before);
    EXPECT_GT(Sink<Jobs>::lines, 0);
    EXPECT_EQ(Sink<Jobs>::refused, 0);
    expect_sound(queue);
}

void throw_away(LogLevel, std::string_view) { throw std::runtime_error("a sink that throws"); }

TEST(InterruptedSink, that_throws_does_not_end_the_process) {
    const LogLevel before = log_level();
    set_log_level(LogLevel::debug);
    set_log_sink(throw_away);
    {
        const JoinableQueue<int> queue;
        queue.put(1);
    }
    set_log_sink(nullptr);
    set_log_level(before);
}

}  // namespace
}  // namespace procession

#endif  // PROCESSION_KILL_POINTS
