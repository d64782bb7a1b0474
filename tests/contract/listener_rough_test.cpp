// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atomic>
#include <filesystem>
#include <thread>

#include "contract/process_fixture.h"
#include "contract/raw_clients.h"
#include "procession/client.h"
#include "procession/listener.h"
#include "procession/wait.h"
#include "support/posix_thread.h"
#include "support/queue_helpers.h"

// A Listener whose surroundings are rough: peers with strange names, forks, event loops, crowds,
// errors that last.

namespace procession::testing {
namespace {

Address abstract_here(const char* what) {
    return Address::abstract("procession-" + std::string(what) + std::to_string(::getpid()));
}

/// Connects to an abstract address, from a socket that is bound to `name` itself (as the kernel
/// takes it: a path, or a zero byte first).
Handle raw_client_named(const std::string& name, const Address& to) {
    Handle socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un own{};
    own.sun_family = AF_UNIX;
    must(name.size() <= sizeof own.sun_path);
    std::memcpy(own.sun_path, name.data(), name.size());
    const auto head = offsetof(sockaddr_un, sun_path);
    must(::bind(socket.get(), reinterpret_cast<sockaddr*>(&own),
                static_cast<socklen_t>(head + name.size())) == 0);
    sockaddr_un there{};
    there.sun_family = AF_UNIX;
    std::memcpy(there.sun_path + 1, to.name().data(), to.name().size());
    must(::connect(socket.get(), reinterpret_cast<sockaddr*>(&there),
                   static_cast<socklen_t>(head + 1 + to.name().size())) == 0);
    return socket;
}

TEST(ListenerPeer, whose_name_is_as_long_as_the_system_allows_is_accepted_without_a_name) {
    const Folder folder;
    std::string path = folder.file("");
    path += std::string(sizeof sockaddr_un{}.sun_path - path.size(), 'x');
    Listener listener(abstract_here("long"));
    const Handle peer = raw_client_named(path, listener.address());
    EXPECT_TRUE(listener.try_accept().has_value());
    EXPECT_FALSE(listener.last_accepted().has_value());
    std::filesystem::remove(path);
}

TEST(ListenerPeer, whose_name_would_write_to_a_terminal_is_shown_in_plain_characters) {
    using namespace std::string_literals;
    Listener listener(abstract_here("plain"));
    const std::string name = "\x1b[31m\n" + std::to_string(::getpid());
    const Handle peer = raw_client_named("\0"s + name, listener.address());
    EXPECT_TRUE(listener.try_accept().has_value());
    EXPECT_EQ(listener.last_accepted()->name(), name);
    EXPECT_EQ(listener.last_accepted()->text(), "@\\x1b[31m\\x0a" + std::to_string(::getpid()));
}

TEST(ListenerAddress, with_a_zero_byte_in_its_host_is_refused) {
    using namespace std::string_literals;
    EXPECT_THROW((void)Address::tcp("127.0.0.1\0.example.org"s, 1), ValueError);
}

/// Runs it in a child made by the program's own fork().
template <class Act>
void in_a_fork_child(Act act) {
    const pid_t pid = ::fork();
    must(pid >= 0);
    if (pid == 0) {
        try {
            act();
        } catch (...) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    int status = 0;
    must(::waitpid(pid, &status, 0) == pid);
    EXPECT_EQ(status, 0);
}

TEST(ListenerInAForkChild, that_is_closed_leaves_its_parents_path_and_guests_alone) {
    const Folder folder;
    Listener listener(Address::path(folder.file("socket")), {.authkey = kKey});
    std::atomic<bool> is_through{false};
    std::thread client([&] {
        Client(listener.address(), {.authkey = kKey}).send(1);
        is_through = true;
    });
    EXPECT_EQ(wait({listener}), std::vector<std::size_t>{0});
    EXPECT_FALSE(listener.try_accept().has_value()) << "it is welcomed, and not through";
    in_a_fork_child([&] { listener.close(); });
    EXPECT_TRUE(std::filesystem::exists(listener.address().name()));
    EXPECT_EQ(listener.accept().recv<int>(), 1);
    client.join();
    EXPECT_TRUE(is_through);
}

TEST(ListenerInAForkChild, accepts_new_clients_and_not_the_pending_ones_of_its_parent) {
    const Folder folder;
    Listener listener(Address::path(folder.file("socket")), {.authkey = kKey});
    PosixThread first([&] { Client(listener.address(), {.authkey = kKey}).send(1); });
    EXPECT_EQ(wait({listener}), std::vector<std::size_t>{0});
    EXPECT_FALSE(listener.try_accept().has_value());
    // It has answered, and waits: a thread that is in an allocator of a sanitizer when the process
    // forks leaves it locked in the child.
    EXPECT_EQ(wait({listener}), std::vector<std::size_t>{0});
    first.until_asleep_in(SYS_ppoll);
    in_a_fork_child([&] {
        must(!listener.try_accept().has_value());
        Process second(procession::fork,
                       [&] { Client(listener.address(), {.authkey = kKey}).send(2); });
        must(listener.accept().recv<int>() == 2);
        second.join();
        must(second.exit_code() == 0);
    });
    EXPECT_EQ(listener.accept().recv<int>(), 1);
    EXPECT_FALSE(first.was_cancelled());
}

TEST(ListenerInAnEventLoop, that_never_waits_in_accept_lets_all_clients_in) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    expect_an_event_loop_lets_all_in(listener);
}

TEST(ListenerInACrowd, ends_at_its_deadline_while_others_keep_coming) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey, .backlog = 1000});
    std::atomic<bool> is_over{false};
    std::vector<std::thread> crowd;
    for (int i = 0; i < 3; ++i) {
        crowd.emplace_back([&] {
            // It does not wait for a place in the queue.
            while (!is_over) raw_client_at(listener.address(), SOCK_NONBLOCK);
        });
    }
    EXPECT_FALSE(listener.try_accept(30ms).has_value());
    is_over = true;
    for (auto& each : crowd) each.join();
}

/// The listening socket that this process has at that port.
int listening_at(unsigned port) {
    for (int fd = 3; fd < 1024; ++fd) {
        int listens = 0;
        socklen_t length = sizeof listens;
        sockaddr_in where{};
        socklen_t size = sizeof where;
        if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) == 0 && listens != 0 &&
            ::getsockname(fd, reinterpret_cast<sockaddr*>(&where), &size) == 0 &&
            ntohs(where.sin_port) == port) {
            return fd;
        }
    }
    return -1;
}

TEST(ListenerThatCannotAccept, says_so_rather_than_try_for_ever) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    ASSERT_EQ(::shutdown(listening_at(listener.address().port()), SHUT_RDWR), 0);
    EXPECT_THROW((void)listener.accept(), OSError);
}

TEST(ListenerThatWasMovedFrom, is_closed) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    Listener other = std::move(listener);
    EXPECT_THROW((void)listener.accept(), ClosedError);
    EXPECT_THROW((void)listener.address(), ClosedError);
    EXPECT_THROW((void)listener.native_handle(), ClosedError);
    listener.close();
    EXPECT_FALSE(other.try_accept().has_value());
}

TEST(ClientWithAKey, at_a_listener_that_has_none_is_told_what_is_wrong) {
    const Folder folder;
    Listener listener(Address::path(folder.file("socket")));
    const auto told = message_of<TimeoutError>([&] {
        (void)Client(listener.address(),
                     {.authkey = kKey, .patience = std::chrono::milliseconds(20)});
    });
    EXPECT_TRUE(contains(told, "it has no authkey")) << told;
}

}  // namespace
}  // namespace procession::testing
