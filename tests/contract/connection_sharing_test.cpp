// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>
#include <mutex>
#include <thread>

#include "contract/process_fixture.h"
#include "os/wait.h"
#include "procession/pipe.h"
#include "support/queue_helpers.h"

// Several threads and processes at one end at the same time.

namespace procession::testing {

using namespace detail;
namespace {

/// The sender, the number among its messages, and bytes that depend on both.
struct Numbered {
    int sender = 0;
    int number = 0;
    std::vector<int> load;
};

Numbered numbered(int sender, int number) {
    // Some fit one transfer, some do not.
    const auto size = static_cast<std::size_t>(number % 10 == 0 ? 100'000 : number % 100);
    return {sender, number, std::vector<int>(size, sender * 1'000'000 + number)};
}
bool is_sound(const Numbered& message) {
    return message.load == numbered(message.sender, message.number).load;
}

constexpr int kMessages = 60;

void send_all(const Connection<Numbered>& to, int sender) {
    for (int number = 0; number < kMessages; ++number) to.send(numbered(sender, number));
}

class ConnectionSharing : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(Each, ConnectionSharing, all_start_methods(), show_start_method);

TEST_P(ConnectionSharing, messages_of_several_senders_arrive_whole_and_each_ones_in_order) {
    auto [mine, theirs] = Pipe<Numbered>();
    std::vector<Process> senders;
    senders.reserve(3);
    for (int sender = 0; sender < 3; ++sender)
        senders.emplace_back(method(), send_all, theirs, sender);
    theirs.close();
    std::map<int, int> next;
    for (;;) {
        const auto message = mine.try_recv(Deadline::never());
        if (!message.has_value()) break;
        EXPECT_TRUE(is_sound(*message));
        EXPECT_EQ(message->number, next[message->sender]++);
    }
    EXPECT_EQ(next, (std::map<int, int>{{0, kMessages}, {1, kMessages}, {2, kMessages}}));
}

void receive_all(const Connection<Numbered>& from, const Queue<int>& received) {
    for (;;) {
        const auto message = from.try_recv(Deadline::never());
        if (!message.has_value()) return;
        must(is_sound(*message));
        received.put(message->number);
    }
}

TEST_P(ConnectionSharing, each_message_goes_to_one_of_several_receivers) {
    auto [mine, theirs] = Pipe<Numbered>();
    const Queue<int> received;
    std::vector<Process> receivers;
    receivers.reserve(3);
    for (int i = 0; i < 3; ++i) receivers.emplace_back(method(), receive_all, theirs, received);
    theirs.close();
    if (method() == StartMethod::fork) {
        // Forked children hold this end, too, and would never see its end.
        for (int number = 0; number < kMessages; ++number) mine.send(numbered(0, number));
        std::vector<bool> seen(kMessages);
        for (int i = 0; i < kMessages; ++i) {
            const int number = received.get();
            EXPECT_FALSE(seen[static_cast<std::size_t>(number)]);
            seen[static_cast<std::size_t>(number)] = true;
        }
        for (auto& each : receivers) each.kill();
        return;
    }
    send_all(mine, 0);
    mine.close();
    for (auto& each : receivers) {
        each.join();
        EXPECT_EQ(each.exit_code(), 0);
    }
    auto numbers = take_all(received);
    std::sort(numbers.begin(), numbers.end());
    for (int number = 0; number < kMessages; ++number)
        EXPECT_EQ(numbers.at(static_cast<std::size_t>(number)), number);
}

TEST(ConnectionSharingThreads, messages_of_several_threads_arrive_whole) {
    const auto [one, other] = Pipe<Numbered>();
    std::vector<std::thread> threads;
    threads.reserve(4);
    for (int sender = 0; sender < 4; ++sender)
        threads.emplace_back([&one = one, sender] { send_all(one, sender); });
    std::mutex lock;
    std::map<int, int> count;
    for (int receiver = 0; receiver < 2; ++receiver) {
        threads.emplace_back([&, &other = other] {
            for (int i = 0; i < 2 * kMessages; ++i) {
                const auto message = other.recv();
                EXPECT_TRUE(is_sound(message));
                const std::lock_guard guard(lock);
                ++count[message.sender];
            }
        });
    }
    for (auto& each : threads) each.join();
    EXPECT_EQ(count,
              (std::map<int, int>{{0, kMessages}, {1, kMessages}, {2, kMessages}, {3, kMessages}}));
}

void send_too_much(const ByteConnection& to) {
    to.send_bytes(std::vector<std::byte>(std::size_t{64} << 20));  // no process receives it all
}

TEST_P(ConnectionSharing, a_sender_killed_inside_of_a_message_is_no_other_message) {
    const auto [mine, theirs] = Pipe();
    Process sender(method(), send_too_much, theirs);
    // It is inside of the message, and stays there.
    ASSERT_TRUE(os::wait_readable(mine.native_handle(), Deadline::never()));
    sender.kill();
    sender.join();
    EXPECT_TRUE(contains(message_of<OSError>([&theirs = theirs] { theirs.send_bytes("next"); }),
                         "died in the middle of a message"));
    EXPECT_THROW((void)mine.recv_bytes(), OSError) << "never as if it were whole";
}

void receive_too_much(const ByteConnection& from) { static_cast<void>(from.recv_bytes()); }

TEST_P(ConnectionSharing, a_receiver_killed_inside_of_a_message_leaves_no_half_of_it) {
    const auto [mine, theirs] = Pipe();
    Process receiver(method(), receive_too_much, theirs);
    // More than any buffer holds, so the child has taken some; and never the whole of it.
    std::vector<std::byte> part(std::size_t{4} << 20);
    part[1] = std::byte{0x7f};
    write_stream(mine.native_handle(), part);
    receiver.kill();
    receiver.join();
    EXPECT_TRUE(contains(message_of<OSError>([&theirs = theirs] { (void)theirs.recv_bytes(); }),
                         "died in the middle of a message"));
}

void use_and_leave(const ByteConnection& shared) {
    static_cast<void>(shared.recv_bytes());
    shared.send_bytes("sent by a child");
}

TEST_P(ConnectionSharing, a_process_that_has_left_leaves_the_end_as_it_was) {
    const auto [mine, theirs] = Pipe();
    mine.send_bytes("for the child");
    Process child(method(), use_and_leave, theirs);
    child.join();
    mine.send_bytes("for the parent");
    EXPECT_EQ(theirs.recv_bytes().size(), 14U);
    theirs.send_bytes("x");
    EXPECT_EQ(mine.recv_bytes().size(), 15U);
    EXPECT_EQ(mine.recv_bytes().size(), 1U);
}

}  // namespace
}  // namespace procession::testing
