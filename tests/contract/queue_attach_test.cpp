// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <algorithm>

#include "contract/passing_fixture.h"
#include "support/queue_helpers.h"
#include "transfer/broker_client.h"

// What other languages build on: queues by their memory file, deposits that stand, and verbs that
// do not wait or do not take.

namespace procession::testing {

using namespace detail;
namespace {

Handle file_of(const ByteQueue& queue) { return Handle::duplicate_of(queue.native_handle()); }

template <class Kind>
class QueueAttach : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueAttach, BothKinds, KindName);

TYPED_TEST(QueueAttach, the_memory_file_leads_to_the_same_queue) {
    const typename TestFixture::Texts queue;
    const auto same = TestFixture::Texts::attach(file_of(queue.bytes()));
    EXPECT_EQ(same, queue);
    same.put("through it");
    EXPECT_EQ(take(queue), "through it");
}

TYPED_TEST(QueueAttach, another_type_or_kind_is_a_mismatch_that_names_both) {
    const typename TestFixture::Texts queue;
    EXPECT_THROW((void)TestFixture::Ints::attach(file_of(queue.bytes())), TypeMismatch);
    using Other = std::conditional_t<std::is_same_v<TypeParam, Plain>, JoinableQueue<std::string>,
                                     Queue<std::string>>;
    const auto said =
        message_of<TypeMismatch>([&] { (void)Other::attach(file_of(queue.bytes())); });
    EXPECT_NE(said.find("it is a " + std::string(TypeParam::name)), std::string::npos) << said;
}

TYPED_TEST(QueueAttach, one_of_any_messagepack_takes_every_type_that_is_messagepack) {
    constexpr auto kind = std::is_same_v<TypeParam, Plain> ? QueueKind::plain : QueueKind::joinable;
    const ByteQueue any(kind, any_messagepack_stamp(), {});
    EXPECT_EQ(any.stamp(), any_messagepack_stamp());
    const auto texts = TestFixture::Texts::attach(file_of(any));
    texts.put("text");
    EXPECT_EQ(take(texts), "text");
    EXPECT_THROW((void)TestFixture::Ints::attach(file_of(any)), TypeMismatch) << "raw bytes";
}

TEST(ByteQueueAttach, what_is_no_queue_is_refused) {
    EXPECT_THROW((void)ByteQueue::attach(Handle(::open("/dev/null", O_RDWR | O_CLOEXEC))),
                 CorruptSegment);
    EXPECT_THROW((void)ByteQueue::attach(Handle()), OSError);
}

TEST(ByteQueueAtOnce, puts_and_gets_what_need_not_wait) {
    const Queue<std::string> queue{2};
    const ByteQueue& bytes = queue.bytes();
    const auto text = std::as_bytes(std::span("abc", 3));
    Message message;
    EXPECT_FALSE(bytes.get_at_once(message));
    queue.put("the first use makes this process a participant");
    EXPECT_EQ(take(queue).substr(0, 3), "the");
    EXPECT_TRUE(bytes.put_at_once({Format::raw, text}));
    EXPECT_TRUE(bytes.put_at_once({Format::raw, text}));
    EXPECT_FALSE(bytes.put_at_once({Format::raw, text})) << "it is full";
    ASSERT_TRUE(bytes.get_at_once(message));
    EXPECT_TRUE(std::ranges::equal(message.bytes(), text));
    const std::vector<std::byte> large(100'000);
    EXPECT_FALSE(bytes.put_at_once({Format::raw, large}));
    EXPECT_EQ(queue.qsize(), 1U);
}

TEST(ByteQueueRoom, is_waited_for_and_left_to_the_first_that_comes) {
    const Queue<int> queue{1};
    const ByteQueue& bytes = queue.bytes();
    EXPECT_TRUE(bytes.await_room(10, Deadline::now()).has_value());
    queue.put(1);
    EXPECT_EQ(bytes.await_room(10, 1ms).error(), PutError::timed_out);
    OnThread waiter([&] { EXPECT_TRUE(bytes.await_room(10, Deadline::never()).has_value()); });
    waiter.until_asleep();
    EXPECT_EQ(queue.get(), 1);
    waiter.join();
    queue.put(2);
    OnThread other(
        [&] { EXPECT_EQ(bytes.await_room(10, Deadline::never()).error(), PutError::shut_down); });
    other.until_asleep();
    queue.shutdown();
    other.join();
}

TEST(StandingDeposits, are_there_for_every_receiver_while_their_maker_stands_by_them) {
    const Queue<int> queue;
    queue.put(1);
    const Handle file = file_of(queue.bytes());
    const NativeHandle handles[] = {file.get()};
    const transfer::StandingDeposit deposit(file, handles);
    for (int i = 0; i < 3; ++i) {
        auto came = transfer::fetch(deposit.key());
        ASSERT_EQ(came.size(), 1U);
        EXPECT_EQ(Queue<int>::attach(std::move(came.front())), queue);
    }
    EXPECT_TRUE(deposit.stands());
    transfer::StandingDeposit moved;
    EXPECT_FALSE(moved.stands());
}

TEST(StandingDeposits, do_not_outlive_their_maker_and_the_last_user_of_the_queue) {
    DepositKey name;
    {
        const Queue<int> queue;
        queue.put(1);
        const Handle file = file_of(queue.bytes());
        const NativeHandle handles[] = {file.get()};
        name = transfer::StandingDeposit(file, handles).key();
        EXPECT_EQ(transfer::fetch(name).size(), 1U) << "a process takes part";
    }
    for (bool is_there = true; is_there;) {
        try {
            static_cast<void>(transfer::fetch(name));
        } catch (const SharingError&) {
            is_there = false;
        }
    }
}

TEST(StandingDeposits, of_a_parent_are_not_a_fork_childs) {
    const Queue<int> queue;
    queue.put(1);
    const Handle file = file_of(queue.bytes());
    const NativeHandle handles[] = {file.get()};
    const transfer::StandingDeposit deposit(file, handles);
    Process child(fork, [&] {
        if (deposit.stands()) throw SystemExit{3};
        if (transfer::fetch(deposit.key()).size() != 1) throw SystemExit{4};
    });
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
    EXPECT_TRUE(deposit.stands());
}

}  // namespace
}  // namespace procession::testing
