// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/wait.h>

#include "contract/passing_fixture.h"
#include "os/memory_file.h"
#include "transfer/broker_client.h"

// The broker: what it holds, for how long, and what is when it dies.

namespace procession::testing {

using namespace detail;

struct Bundle {
    std::string label;
    std::vector<Handle> files;
    std::optional<JoinableQueue<std::string>> queue;
};

namespace {

class Brokered : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(Each, Brokered, all_start_methods(), show_start_method);

void say_where(const Queue<ByteConnection>& connections) {
    connections.get().send(std::string("here"));
}

TEST_P(Brokered, a_connection_is_the_same_end) {
    const Queue<ByteConnection> connections;
    Process child(method(), say_where, connections);
    auto [mine, its] = Pipe();
    connections.put(its);
    its.close();
    EXPECT_EQ(mine.recv<std::string>(), "here");
    child.join();
    EXPECT_THROW((void)mine.recv<std::string>(), EOFError) << "nobody holds the other end any more";
}

TEST(BrokerHandles, may_hold_any_number_of_objects_and_none) {
    const Queue<Bundle> bundles;
    bundles.put({"none", {}, {}});
    EXPECT_EQ(broker_pid(), 0) << "nothing to keep, no broker";
    Bundle large{"large", {}, JoinableQueue<std::string>()};
    for (int i = 0; i < 700; ++i) large.files.push_back(open_end("/dev/null", O_RDWR));
    bundles.put(large);
    EXPECT_EQ(bundles.get().label, "none");
    const Bundle arrived = bundles.get();
    EXPECT_EQ(arrived.label, "large");
    EXPECT_EQ(arrived.files.size(), 700U);
    arrived.queue->put("through it");
    EXPECT_EQ(take(*large.queue), "through it");
}

TEST(BrokerHandles, of_items_that_find_no_room_leave_nothing_at_the_broker) {
    const Queue<Queue<int>> carrier{1};
    const Queue<int> queue;
    carrier.put(queue);
    let_broker_settle();
    const auto before = descriptors_of(broker_pid());
    const Queue<Queue<int>> other{1};
    const Queue<int> fresh;
    other.put(fresh);
    EXPECT_THROW(other.put(Queue<int>(), 1ms), Full);
    EXPECT_EQ(other.put_many(std::vector{Queue<int>(), Queue<int>()}, 1ms), 0U);
    static_cast<void>(other.get());
    let_broker_settle();
    EXPECT_EQ(descriptors_of(broker_pid()), before);
}

TEST(BrokerHandles, of_a_thousand_copies_of_one_queue_are_one) {
    const Queue<Queue<int>> carrier;
    const Queue<int> queue;
    carrier.put(queue);
    let_broker_settle();
    const auto with_one = descriptors_of(broker_pid());
    for (int i = 1; i < 1000; ++i) carrier.put(queue);
    let_broker_settle();
    EXPECT_EQ(descriptors_of(broker_pid()), with_one);
    for (int i = 0; i < 1000; ++i) EXPECT_EQ(carrier.get(), queue);
    let_broker_settle();
    EXPECT_EQ(descriptors_of(broker_pid()), with_one - 2) << "neither the queue nor its carrier";
}

TEST(BrokerHandles, of_different_descriptions_of_one_file_stay_different) {
    const Queue<Handle> files;
    const Handle one = open_end("/proc/self/cmdline", O_RDONLY);
    const Handle other = open_end("/proc/self/cmdline", O_RDONLY);
    ::lseek(one.get(), 3, SEEK_SET);
    files.put(one.duplicate());
    files.put(other.duplicate());
    EXPECT_EQ(::lseek(files.get().get(), 0, SEEK_CUR), 3);
    EXPECT_EQ(::lseek(files.get().get(), 0, SEEK_CUR), 0);
}

void take_and_die(const JoinableQueue<Queue<int>>& carrier, const Queue<int>& taken) {
    auto lease = carrier.get();
    lease->put(1);
    taken.put(1);
    for (;;) ::pause();
}

TEST_P(Brokered, a_redelivered_item_still_has_its_queue) {
    const JoinableQueue<Queue<int>> carrier;
    const Queue<int> taken;
    Process child(method(), take_and_die, carrier, taken);
    const Queue<int> queue;
    carrier.put(queue);
    EXPECT_EQ(taken.get(), 1);
    child.kill();
    child.join();
    auto lease = carrier.get();
    EXPECT_EQ(lease.deliveries(), 2U);
    EXPECT_EQ(*lease, queue);
    lease.give_back();
    auto again = carrier.get();
    EXPECT_EQ(*again, queue);
    let_broker_settle();
    const auto before = descriptors_of(broker_pid());
    again.done();
    let_broker_settle();
    EXPECT_EQ(descriptors_of(broker_pid()), before - 2) << "finished: let go";
}

TEST(BrokerHandles, of_finished_and_rejected_items_are_let_go) {
    const JoinableQueue<Queue<int>> carrier;
    for (int i = 0; i < 2; ++i) carrier.put(Queue<int>());
    let_broker_settle();
    const auto before = descriptors_of(broker_pid());
    static_cast<void>(carrier.get().detach());
    carrier.task_done();
    carrier.get().reject("not wanted");
    let_broker_settle();
    EXPECT_EQ(descriptors_of(broker_pid()), before - 3);
}

TEST(BrokerDeath, before_the_item_is_taken_is_told_and_the_queue_goes_on) {
    const Queue<Queue<int>> carrier;
    carrier.put(Queue<int>());
    kill_broker();
    EXPECT_TRUE(contains(message_of<DecodeError>([&] { (void)carrier.get(); }),
                         "the process that held them, has ended"));
    EXPECT_EQ(carrier.dead_letters().size(), 1U);
    const Queue<int> queue;
    carrier.put(queue);
    EXPECT_EQ(carrier.get(), queue) << "another broker";
}

TEST(BrokerDeath, of_a_leased_item_harms_no_other_process) {
    const JoinableQueue<Queue<int>> carrier;
    carrier.put(Queue<int>());
    auto lease = carrier.get();
    kill_broker();
    lease->put(1);
    lease.done();
    EXPECT_TRUE(carrier.join(0ms));
}

TEST(BrokerDeath, between_two_puts_is_no_matter) {
    const Queue<Queue<int>> carrier;
    const Queue<int> queue;
    carrier.put(queue);
    static_cast<void>(carrier.get());
    for (int i = 0; i < 3; ++i) {
        kill_broker();
        carrier.put(queue);
        EXPECT_EQ(carrier.get(), queue);
    }
}

TEST(BrokerTokens, are_good_once_in_a_plain_queue_and_only_the_right_ones) {
    Handle carrier;
    ASSERT_FALSE(os::create_memory_file("carrier", 1 << 20, carrier));
    const Handle file = open_end("/dev/null", O_RDWR);
    const std::array handles{file.get()};
    const auto name = transfer::deposit(carrier, handles);
    DepositKey wrong = name;
    wrong.token[0] ^= std::byte{1};
    EXPECT_THROW((void)transfer::take(wrong), SharingError);
    EXPECT_EQ(transfer::take(name).size(), 1U);
    EXPECT_THROW((void)transfer::take(name), SharingError);
    EXPECT_THROW((void)transfer::fetch(name), SharingError);
    wrong.broker = "procession-unknown";
    EXPECT_THROW((void)transfer::fetch(wrong), SharingError);
}

void put_and_leave(const Queue<Queue<int>>& carrier) { carrier.put(Queue<int>()); }

TEST_P(Brokered, items_that_no_process_can_take_any_more_are_let_go) {
    {
        const Queue<Queue<int>> carrier;
        Process child(method(), put_and_leave, carrier);
        child.join();
        EXPECT_EQ(carrier.qsize(), 1U);
    }
    // The broker sees by itself that the queue is gone, and ends: the census of processes, taken
    // after each test, waits for it.
}

}  // namespace
}  // namespace procession::testing
