// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "support/queue_helpers.h"

// close(): memory and descriptor of a queue go when it returns, whatever handles there are; and no
// thread that is in a call meanwhile touches what is gone.

namespace procession::testing {
namespace {

/// What this process has of memory files of ours.
struct Possessions {
    std::size_t descriptors = 0;
    std::size_t mappings = 0;
    friend bool operator==(const Possessions&, const Possessions&) = default;
    friend void PrintTo(const Possessions& all, std::ostream* to) {
        *to << all.descriptors << " descriptors, " << all.mappings << " mappings";
    }
};

Possessions possessions() {
    Possessions all;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        const auto target = std::filesystem::read_symlink(entry.path(), gone);
        if (!gone && contains(target.string(), "memfd:procession")) ++all.descriptors;
    }
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (contains(line, "memfd:procession")) ++all.mappings;
    }
    return all;
}

template <class Kind>
class QueueCloseMemory : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueCloseMemory, BothKinds, KindName);

TYPED_TEST(QueueCloseMemory, is_given_back_while_handles_and_leases_live) {
    const Possessions before = possessions();
    std::vector<typename TestFixture::template QueueOf<std::string>> queues;
    for (int i = 0; i < 10; ++i) {
        queues.emplace_back(std::size_t{8});
        queues.back().put(std::string(1'000'000, 'x'));
        queues.back().put("small");
    }
    const auto copies = queues;
    auto held = queues.front().get();
    EXPECT_NE(possessions(), before);
    for (const auto& queue : queues) queue.close();
    EXPECT_EQ(possessions(), before);
}

TYPED_TEST(QueueCloseMemory, is_not_needed_by_what_can_be_asked_of_a_closed_queue) {
    QueueOptions options;
    options.name = "closed";
    options.maxsize = 7;
    const typename TestFixture::Ints queue{options};
    queue.put(1);
    queue.close();
    EXPECT_TRUE(queue.is_closed());
    EXPECT_EQ(queue.maxsize(), 7U);
    const auto& bytes = queue.bytes();
    EXPECT_TRUE(contains(bytes.label(), "closed"));
    static_cast<void>(bytes.stamp());
    static_cast<void>(bytes.kind());
    static_cast<void>(bytes.dead_letters_on_exception());
    EXPECT_THROW(static_cast<void>(bytes.native_handle()), ClosedError);
    EXPECT_THROW(static_cast<void>(bytes.loan(10)), ClosedError);
    EXPECT_THROW(static_cast<void>(bytes.participants()), ClosedError);
    EXPECT_THROW(static_cast<void>(bytes.deaths(0)), ClosedError);
    EXPECT_THROW(static_cast<void>(bytes.notice_deaths()), ClosedError);
    EXPECT_THROW(static_cast<void>(bytes.about_waiting()), ClosedError);
    bytes.look_again(Ready::items);
    queue.close();
}

TYPED_TEST(QueueCloseMemory, is_not_needed_by_a_ready_handle_that_outlives_it) {
    const typename TestFixture::Ints queue;
    auto items = queue.bytes().ready_handle(Ready::items);
    auto room = queue.bytes().ready_handle(Ready::room);
    queue.close();
    EXPECT_NE(items.native_handle(), room.native_handle());
}

TYPED_TEST(QueueCloseMemory, is_touched_by_no_thread_whatever_it_is_just_doing) {
    for (int round = 0; round < 20; ++round) {
        const typename TestFixture::Ints queue(std::size_t{16});
        const std::function<void()> calls[] = {
            [&] { static_cast<void>(queue.try_put(1)); },
            [&] { static_cast<void>(queue.try_get()); },
            [&] { static_cast<void>(queue.try_get(1ms)); },
            [&] { static_cast<void>(queue.get_many(4, Deadline::now())); },
            [&] { static_cast<void>(queue.stats()); },
            [&] { static_cast<void>(queue.full()); },
            [&] { static_cast<void>(queue.maxsize()); },
            [&] { static_cast<void>(queue.bytes().notice_deaths()); },
            [&] { static_cast<void>(queue.bytes().ready_handle(Ready::items)); },
            [&] { static_cast<void>(queue.bytes().native_handle()); },
        };
        std::atomic<int> begun{0};
        std::vector<std::thread> threads;
        for (const auto& call : calls) {
            threads.emplace_back([&] {
                try {
                    call();
                    begun.fetch_add(1);
                    while (!queue.is_closed()) call();
                    call();
                } catch (const ClosedError&) {}
            });
        }
        while (begun.load() < 10) std::this_thread::yield();
        queue.close();
        for (auto& thread : threads) thread.join();
    }
}

}  // namespace
}  // namespace procession::testing
