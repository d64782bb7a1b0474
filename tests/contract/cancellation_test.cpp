// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/syscall.h>

#include <functional>
#include <string>
#include <thread>

#include "contract/process_fixture.h"
#include "procession/client.h"
#include "procession/listener.h"
#include "procession/pipe.h"
#include "procession/wait.h"
#include "support/posix_thread.h"
#include "support/queue_helpers.h"

// A thread is cancelled (pthread_cancel) in a call of connections and processes that waits: the
// call comes to its end, and the thread ends at the next place of the program's own.

namespace procession::testing {
namespace {

void expect_it_comes_to_its_end(const std::function<void()>& call,
                                const std::function<void()>& let_it_end) {
    bool came_back = false;
    PosixThread thread([&] {
        call();
        came_back = true;
        ::pthread_testcancel();
    });
    thread.until_asleep_in(SYS_ppoll);
    thread.cancel();
    let_it_end();
    EXPECT_TRUE(thread.was_cancelled());
    EXPECT_TRUE(came_back);
}

TEST(CancellationOfAThread, in_recv_lets_it_receive) {
    const auto [one, other] = Pipe();
    int got = 0;
    expect_it_comes_to_its_end([&, &one = one] { got = one.recv<int>(); },
                               [&other = other] { other.send(7); });
    EXPECT_EQ(got, 7);
}

TEST(CancellationOfAThread, in_poll_lets_it_see_what_comes) {
    const auto [one, other] = Pipe();
    bool seen = false;
    expect_it_comes_to_its_end([&, &one = one] { seen = one.poll(Deadline::never()); },
                               [&other = other] { other.send(7); });
    EXPECT_TRUE(seen);
}

TEST(CancellationOfAThread, in_send_lets_the_message_go_whole) {
    const auto [one, other] = Pipe();
    const std::string text(std::size_t{10} << 20, 'x');
    std::string got;
    expect_it_comes_to_its_end([&one = one, &text] { one.send(text); },
                               [&, &other = other] { got = other.recv<std::string>(); });
    EXPECT_EQ(got, text);
}

TEST(CancellationOfAThread, in_accept_lets_the_client_in) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = "a key"});
    int got = 0;
    std::thread client;
    expect_it_comes_to_its_end(
        [&] { got = listener.accept().recv<int>(); },
        [&] {
            client = std::thread([&] { Client(listener.address(), {.authkey = "a key"}).send(7); });
        });
    client.join();
    EXPECT_EQ(got, 7);
}

TEST(CancellationOfAThread, in_join_waits_for_the_process) {
    Process child(fork, [] { ::pause(); });
    expect_it_comes_to_its_end([&] { child.join(); }, [&] { child.kill(); });
    EXPECT_LT(child.exit_code(), 0);
}

TEST(CancellationOfAThread, in_wait_tells_what_is_ready) {
    const auto [one, other] = Pipe();
    const Queue<int> queue;
    std::vector<std::size_t> ready;
    expect_it_comes_to_its_end([&, &one = one] { ready = wait({queue, one}); },
                               [&] { queue.put(1); });
    EXPECT_EQ(ready, std::vector<std::size_t>{0});
}

}  // namespace
}  // namespace procession::testing
