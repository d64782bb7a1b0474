// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "contract/listener_helpers.h"
#include "contract/process_fixture.h"
#include "os/listening_socket.h"
#include "os/windows/stream_name.h"
#include "procession/client.h"
#include "procession/joinable_queue.h"
#include "procession/listener.h"
#include "procession/pipe.h"
#include "procession/wait.h"
#include "support/queue_helpers.h"

// A listening socket is a named pipe. Which clients are accepted.

namespace procession::testing {

using namespace detail;
namespace {

Address abstract_here(const std::string& what) {
    return Address::abstract("procession-" + what + std::to_string(::GetCurrentProcessId()));
}

/// The pipe behind an abstract address.
std::wstring pipe_of(const Address& address) {
    return os::pipe_name_prefix + std::wstring(L"procession-at-@") + os::utf16_of(address.name());
}

/// Connects to the pipe and does nothing of what a client does.
Handle raw_client_at(const Address& address) {
    Handle line;
    while (os::connect_to_pipe(pipe_of(address), line)) std::this_thread::yield();
    return line;
}

class WindowsListening : public EachStartMethod {
  protected:
    [[nodiscard]] std::vector<Address> addresses() const {
        const std::string number = std::to_string(::GetCurrentProcessId());
        return {Address::path(folder_.file("socket")), abstract_here("greet"),
                Address::path(R"(\\.\pipe\procession-test-)" + number)};
    }
};
INSTANTIATE_TEST_SUITE_P(Each, WindowsListening, all_start_methods(), show_start_method);

void greet(bool is_path, const std::string& name) {
    const Address address = is_path ? Address::path(name) : Address::abstract(name);
    const auto connection = Client(address, {.authkey = kKey});
    connection.send(std::string("greetings"));
    must(connection.recv<std::string>() == "welcome");
}

TEST_P(WindowsListening, a_client_with_the_key_is_accepted_at_every_kind_of_address) {
    for (const Address& where : addresses()) {
        Listener listener(where, {.authkey = kKey});
        EXPECT_EQ(listener.address().text(), where.text());
        Process client(method(), greet, where.kind() == Address::Kind::path, where.name());
        const auto connection = listener.accept();
        EXPECT_EQ(connection.recv<std::string>(), "greetings") << where.text();
        connection.send(std::string("welcome"));
        client.join();
        EXPECT_EQ(client.exit_code(), 0) << where.text();
        EXPECT_FALSE(listener.last_accepted().has_value());
    }
}

void serve_jobs(const std::string& name) {
    const auto connection = Client(Address::abstract(name), {.authkey = kKey});
    const auto jobs = connection.recv<JoinableQueue<int>>();
    const auto answers = connection.recv<ByteConnection>();
    for (auto job : jobs) {
        answers.send(*job * 2);
        job.done();
    }
}

TEST_P(WindowsListening, queues_and_connections_reach_a_client_that_has_connected) {
    const Address where = abstract_here("jobs");
    Listener listener(where, {.authkey = kKey});
    Process worker(method(), serve_jobs, where.name());
    const auto connection = listener.accept();
    const JoinableQueue<int> jobs;
    auto [mine, its] = Pipe();
    connection.send(jobs);
    connection.send(its);
    its.close();
    jobs.put(21);
    EXPECT_EQ(mine.recv<int>(), 42);
    jobs.shutdown();
    worker.join();
    EXPECT_EQ(worker.exit_code(), 0);
    EXPECT_THROW((void)mine.recv<int>(), EOFError);
    EXPECT_THROW((void)connection.recv<int>(), EOFError);
}

void listen_and_die(const std::string& name, const std::string& up) {
    const Listener listener(Address::abstract(name));
    wait_for_death(up);
}

TEST_P(WindowsListening, a_client_sees_the_death_of_a_listener_that_never_accepted) {
    const Address where = abstract_here("mute");
    const std::string up = folder_.fifo("up");
    Process child(method(), listen_and_die, where.name(), up);
    EXPECT_EQ(read_line(open_end(up, O_RDONLY)), "up");
    const auto connection = Client(where);
    connection.send(1);
    EXPECT_FALSE(connection.poll());
    child.kill();
    EXPECT_THROW((void)connection.recv<int>(), EOFError);
    child.join();
    EXPECT_THROW((void)Client(where), OSError);
}

TEST(WindowsListener, takes_a_client_that_has_connected_spoken_and_gone_before_it_looked) {
    const Address where = abstract_here("late");
    Listener listener(where);
    for (int i = 0; i < 5; ++i) Client(where).send(i);
    std::vector<int> heard;
    for (int i = 0; i < 5; ++i) {
        const auto connection = listener.accept();
        heard.push_back(connection.recv<int>());
        EXPECT_THROW((void)connection.recv<int>(), EOFError);
    }
    std::sort(heard.begin(), heard.end());
    EXPECT_EQ(heard, (std::vector{0, 1, 2, 3, 4}));
}

TEST(WindowsListener, that_is_closed_ends_those_who_were_not_accepted) {
    const Address where = abstract_here("closed");
    Listener listener(where);
    const auto connection = Client(where);
    listener.close();
    EXPECT_THROW((void)connection.recv<int>(), EOFError);
    EXPECT_THROW((void)listener.accept(1ms), ClosedError);
    try {
        (void)Client(where);
        ADD_FAILURE() << "no process is there";
    } catch (const OSError& problem) {
        EXPECT_EQ(problem.code(), std::errc::connection_refused);
    }
}

TEST(WindowsListener, is_one_at_one_place) {
    if (is_wine()) GTEST_SKIP() << "Wine does not know FILE_FLAG_FIRST_PIPE_INSTANCE";
    const Address where = abstract_here("one");
    const Listener listener(where);
    try {
        const Listener second(where);
        ADD_FAILURE() << "two at one place";
    } catch (const OSError& problem) {
        EXPECT_EQ(problem.code(), std::errc::address_in_use);
    }
}

TEST(WindowsListener, does_not_listen_by_tcp_and_says_so) {
    const auto told = message_of<OSError>(
        [] { const Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey}); });
    EXPECT_TRUE(contains(told, "use a path or an abstract name")) << told;
    EXPECT_THROW((void)Client(Address::tcp("127.0.0.1", 1), {.authkey = kKey}), OSError);
    EXPECT_THROW((void)Address::tcp("example.org", 1), ValueError);
}

TEST(WindowsListenerKey, that_is_wrong_is_refused_on_both_sides_and_the_next_one_is_accepted) {
    const Address where = abstract_here("key");
    Listener listener(where, {.authkey = kKey});
    std::thread clients([&] {
        EXPECT_THROW((void)Client(where, {.authkey = "wrong"}), AuthenticationError);
        Client(where, {.authkey = kKey}).send(1);
    });
    EXPECT_EQ(listener.accept().recv<int>(), 1);
    clients.join();
}

TEST(WindowsListenerRawClients, that_are_silent_keep_no_client_waiting) {
    const Address where = abstract_here("silent");
    Listener listener(where, {.authkey = kKey, .backlog = 2});
    std::vector<ByteConnection> silent_clients;
    std::vector<Handle> raw_clients;
    // More clients than instances: the listener makes room.
    std::thread crowd([&] {
        for (int i = 0; i < 80; ++i) raw_clients.push_back(raw_client_at(where));
        for (int i = 0; i < 10; ++i) silent_clients.push_back(Client(where));
        Client(where, {.authkey = kKey}).send(1);
    });
    EXPECT_EQ(listener.accept().recv<int>(), 1);
    crowd.join();
}

TEST(WindowsListenerRawClients, that_stay_silent_are_disconnected) {
    const Address where = abstract_here("patience");
    Listener listener(where, {.authkey = kKey, .patience = std::chrono::milliseconds(20)});
    const auto silent = Client(where);
    bool is_disconnected = false;
    while (!is_disconnected) {
        EXPECT_FALSE(listener.try_accept(5ms).has_value());
        // Its challenge first, then the end.
        const auto heard = silent.try_recv_bytes();
        is_disconnected = !heard.has_value() && heard.error() == RecvError::ended;
    }
}

TEST(WindowsListenerRawClients, that_talk_nonsense_are_disconnected) {
    const Address where = abstract_here("nonsense");
    Listener listener(where, {.authkey = kKey});
    std::vector<Handle> raw_clients;
    struct Greeting {
        std::uint32_t magic = 0x45454d43;
        std::uint32_t version = 1;
        std::uint64_t end = 0;
    };
    // Greetings that name what the raw client did not duplicate: nothing, "this process", this
    // process's own handles, some of which are ends of streams.
    const auto [own, other] = Pipe();
    const Handle file = open_file("NUL");
    for (const std::uint64_t number :
         {std::uint64_t{0}, ~std::uint64_t{0}, std::uint64_t{0x7ffffff0},
          static_cast<std::uint64_t>(os::number_of(file.get())),
          static_cast<std::uint64_t>(os::number_of(listener.native_handle()))}) {
        Greeting greeting;
        greeting.end = number;
        raw_clients.push_back(raw_client_at(where));
        write_record(raw_clients.back(),
                     {reinterpret_cast<const char*>(&greeting), sizeof greeting});
    }
    for (const auto size : {0, 1, 15, 17, 60'000}) {
        raw_clients.push_back(raw_client_at(where));
        write_record(raw_clients.back(), std::string(static_cast<std::size_t>(size), 'x'));
    }
    const auto silent_client = Client(where);
    silent_client.send_bytes(std::string(5000, 'x'));
    std::thread client([&] { Client(where, {.authkey = kKey}).send(1); });
    EXPECT_EQ(listener.accept().recv<int>(), 1);
    client.join();
    own.send(5);
    EXPECT_EQ(other.recv<int>(), 5) << "what this process has was left alone";
    write_text(file, "still open");
}

TEST(WindowsListenerWaiting, ends_at_the_deadline_and_when_a_client_connects) {
    const Address where = abstract_here("waits");
    Listener listener(where, {.authkey = kKey});
    EXPECT_THROW((void)listener.accept(1ms), TimeoutError);
    EXPECT_EQ(listener.try_accept().error(), AcceptError::timed_out);
    EXPECT_EQ(wait({listener}, Deadline::now()), std::vector<std::size_t>());
    std::thread client([&] { static_cast<void>(Client(where)); });
    EXPECT_EQ(wait({listener}), std::vector<std::size_t>{0});
    client.join();
}

TEST(WindowsListenerInAnEventLoop, that_never_waits_in_accept_lets_all_clients_in) {
    const Address where = abstract_here("loop");
    Listener listener(where, {.authkey = kKey, .backlog = 2});
    expect_an_event_loop_lets_all_in(listener);
}

TEST(WindowsListenerHandles, are_as_many_after_a_hundred_clients_as_after_one) {
    const Address where = abstract_here("census");
    Listener listener(where, {.authkey = kKey});
    const auto one = [&] {
        std::thread client([&] { Client(where, {.authkey = kKey}).send(1); });
        EXPECT_EQ(listener.accept().recv<int>(), 1);
        client.join();
    };
    one();
    const auto before = open_handles();
    for (int i = 0; i < 100; ++i) one();
    EXPECT_LE(open_handles(), before + 2);  // a thread that has just ended may still have its own
}

}  // namespace
}  // namespace procession::testing
