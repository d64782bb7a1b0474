// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// An observer of memory that a process scribbles in shows numbers, or says that they are corrupt.

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>

#include "os/handle.h"
#include "procession/error.h"
#include "procession/joinable_queue.h"
#include "queue/queue_observer.h"
#include "support/queue_helpers.h"
#include "support/segment_bytes.h"

namespace procession::testing {

using namespace detail;
namespace {

using queue::QueueObserver;

QueueObserver observer_of(const JoinableQueue<int>& queue) {
    return QueueObserver(Handle::duplicate_of(queue.bytes().native_handle()));
}

// Returns whether it found the memory corrupt.
bool look(const QueueObserver& observer) {
    try {
        static_cast<void>(observer.participants());
        static_cast<void>(observer.stats());
        static_cast<void>(observer.deaths(0));
        return false;
    } catch (const CorruptSegment& corrupt) {
        EXPECT_TRUE(contains(corrupt.what(), "the shared memory is corrupt"));
        return true;
    }
}

void die_with_an_item(const JoinableQueue<int>& queue) {
    static_cast<void>(queue.get().detach());
    ::_exit(1);
}

TEST(GarbageMeetsObserver, any_bytes_before_the_data_are_looked_at_in_peace) {
    std::mt19937_64 random(1);
    int corrupt = 0;
    for (int round = 0; round < 400; ++round) {
        JoinableQueue<int> queue;
        for (int item = 0; item < 3; ++item) queue.put(item);
        Process(fork, [&] { die_with_an_item(queue); }).join();
        queue.bytes().notice_deaths();
        const SegmentBytes segment(queue);
        const QueueObserver observer = observer_of(queue);
        ASSERT_FALSE(look(observer));
        const std::size_t words = (shm::kTableOffset - shm::kObjectOffset) / sizeof(std::uint64_t);
        for (std::size_t word = 0; word < words; ++word) {
            // All, one in ten, or one in a thousand.
            const std::uint64_t one_in = round % 3 == 0 ? 1 : round % 3 == 1 ? 10 : 1000;
            if (random() % one_in != 0) continue;
            const std::uint64_t garbage = random() >> random() % 64;
            std::memcpy(segment.all().data() + shm::kObjectOffset + word * sizeof garbage, &garbage,
                        sizeof garbage);
        }
        if (look(observer)) ++corrupt;
    }
    EXPECT_GT(corrupt, 100) << "a record of a death that is none is noticed";
}

TEST(GarbageMeetsObserver, a_header_that_changes_later_changes_nothing_that_it_trusts) {
    JoinableQueue<int> queue;
    queue.put(1);
    const SegmentBytes segment(queue);
    const QueueObserver observer = observer_of(queue);
    segment.header().units_max = ~std::uint64_t{0};
    segment.header().data_offset = 1;
    segment.header().kind = 77;
    segment.header().participants_end.store(~std::uint32_t{0});
    EXPECT_EQ(observer.stats().queued, 1U);
    EXPECT_EQ(observer.kind(), QueueKind::joinable);
    EXPECT_THROW(static_cast<void>(observer_of(queue)), CorruptSegment);
}

}  // namespace
}  // namespace procession::testing
