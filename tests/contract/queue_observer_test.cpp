// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/queue_observer.h"

#include <optional>
#include <utility>

#include "os/child.h"
#include "os/handle.h"
#include "support/queue_helpers.h"

// An observer sees what a participant sees, and is none.

namespace procession::testing {

using namespace detail;
namespace {

template <class Queue>
os::Handle handle_of(const Queue& queue) {
    return Handle::duplicate_of(queue.bytes().native_handle());
}

template <class Kind>
class QueueObserverOf : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueObserverOf, BothKinds, KindName);

TYPED_TEST(QueueObserverOf, an_empty_queue_is_no_participant_of_it) {
    const typename TestFixture::Ints queue;
    const queue::QueueObserver observer(handle_of(queue));
    EXPECT_EQ(observer.stats().put, 0U);
    EXPECT_EQ(observer.stats().participants, 1U) << "its creator";
    EXPECT_TRUE(observer.deaths(0).empty());
    EXPECT_EQ(queue.bytes().participants().size(), 1U);
}

TYPED_TEST(QueueObserverOf, a_queue_in_use_shows_what_its_participants_see) {
    QueueOptions options;
    options.name = "observed";
    options.maxsize = 7;
    const typename TestFixture::Ints queue(options);
    const queue::QueueObserver observer(handle_of(queue));
    for (int item = 1; item <= 3; ++item) queue.put(item);
    EXPECT_EQ(take(queue), 1);
    const QueueStats seen = observer.stats();
    const QueueStats told = queue.stats();
    EXPECT_EQ(seen.put, 3U);
    EXPECT_EQ(seen.taken, 1U);
    EXPECT_EQ(seen.queued, 2U);
    EXPECT_EQ(seen.finished, told.finished);
    EXPECT_EQ(seen.queued_bytes, told.queued_bytes);
    EXPECT_EQ(seen.memory_bytes, told.memory_bytes);
    EXPECT_EQ(seen.memory_reserved_bytes, told.memory_reserved_bytes);
    EXPECT_EQ(seen.participants, 1U);
    ASSERT_EQ(observer.participants().size(), 1U);
    EXPECT_EQ(observer.participants()[0].pid, os::current_process_id());
    EXPECT_TRUE(observer.participants()[0].is_alive);
    EXPECT_EQ(observer.kind(), queue.bytes().kind());
    EXPECT_EQ(observer.stamp(), queue.bytes().stamp());
    EXPECT_EQ(observer.name(), "observed");
    EXPECT_EQ(observer.limits().maxsize, 7U);
    EXPECT_FALSE(observer.is_shut_down());
    queue.shutdown();
    EXPECT_TRUE(observer.is_shut_down());
}

TYPED_TEST(QueueObserverOf, a_queue_that_all_have_closed_still_shows_it) {
    std::optional<typename TestFixture::Ints> queue(std::in_place);
    queue->put(1);
    const queue::QueueObserver observer(handle_of(*queue));
    queue.reset();
    EXPECT_EQ(observer.stats().queued, 1U);
    EXPECT_TRUE(observer.participants().empty());
}

TEST(QueueObserver, is_refused_what_is_no_queue) {
    const Queue<int> queue;
    os::Handle nothing;
    EXPECT_THROW(queue::QueueObserver{std::move(nothing)}, OSError);
}

}  // namespace
}  // namespace procession::testing
