// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <filesystem>
#include <thread>

#include "contract/process_fixture.h"
#include "contract/raw_clients.h"
#include "procession/client.h"
#include "procession/joinable_queue.h"
#include "procession/listener.h"
#include "procession/wait.h"
#include "support/queue_helpers.h"

// Which clients are accepted.

namespace procession::testing {
namespace {

class Listening : public EachStartMethod {
  protected:
    [[nodiscard]] std::vector<Address> addresses() const {
        return {Address::path(folder_.file("socket")),
                Address::abstract("procession-test-" + std::to_string(::getpid())),
                Address::tcp("127.0.0.1", 0), Address::tcp("::1", 0)};
    }
};
INSTANTIATE_TEST_SUITE_P(Each, Listening, all_start_methods(), show_start_method);

void greet(const std::string& kind, const std::string& name, unsigned port) {
    const Address address = kind == "path"       ? Address::path(name)
                            : kind == "abstract" ? Address::abstract(name)
                                                 : Address::tcp(name, port);
    const auto connection = Client(address, {.authkey = kKey});
    connection.send(std::string("greetings"));
    must(connection.recv<std::string>() == "welcome");
}

TEST_P(Listening, a_client_with_the_key_is_accepted_at_every_kind_of_address) {
    for (const Address& where : addresses()) {
        Listener listener(where, {.authkey = kKey});
        const Address& address = listener.address();
        const std::string kind = address.kind() == Address::Kind::path       ? "path"
                                 : address.kind() == Address::Kind::abstract ? "abstract"
                                                                             : "tcp";
        Process client(method(), greet, kind, address.name(), unsigned{address.port()});
        const auto connection = listener.accept();
        EXPECT_EQ(connection.recv<std::string>(), "greetings") << address.text();
        connection.send(std::string("welcome"));
        client.join();
        EXPECT_EQ(client.exit_code(), 0) << address.text();
        EXPECT_EQ(listener.last_accepted().has_value(), kind == "tcp");
    }
}

TEST(ListenerAddress, of_a_path_is_private_and_gone_with_its_listener) {
    const Folder folder;
    const Address address = Address::path(folder.file("socket"));
    {
        const Listener listener(address);
        struct stat status{};
        ASSERT_EQ(::stat(address.name().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777, 0600U);
        try {
            const Listener second(address);
            ADD_FAILURE() << "two at one place";
        } catch (const OSError& problem) {
            EXPECT_EQ(problem.code(), std::errc::address_in_use);
        }
    }
    EXPECT_FALSE(std::filesystem::exists(address.name()));
    try {
        (void)Client(address);
        ADD_FAILURE() << "no process is there";
    } catch (const OSError& problem) {
        EXPECT_EQ(problem.code(), std::errc::no_such_file_or_directory);
    }
}

TEST(ListenerAddress, that_another_process_has_taken_over_is_left_alone) {
    const Folder folder;
    const Address address = Address::path(folder.file("socket"));
    Listener listener(address);
    std::filesystem::remove(address.name());
    write_file(address.name(), "another file");
    listener.close();
    EXPECT_TRUE(std::filesystem::exists(address.name()));
}

TEST(ListenerAddress, that_is_none_is_refused_with_what_is_allowed) {
    EXPECT_THROW((void)Address::path(""), ValueError);
    EXPECT_THROW((void)Address::path(std::string(200, 'x')), ValueError);
    EXPECT_THROW((void)Address::abstract(""), ValueError);
    EXPECT_TRUE(contains(message_of<ValueError>([] { (void)Address::tcp("example.org", 1); }),
                         "not a numeric IPv4 or IPv6 address"));
    EXPECT_THROW((void)Address::tcp("127.0.0.1", 70000), ValueError);
    EXPECT_EQ(Address::tcp("localhost", 80).text(), "127.0.0.1:80");
    EXPECT_EQ(Address::tcp("::1", 80).text(), "[::1]:80");
}

TEST(ListenerKey, is_needed_where_strangers_could_come) {
    EXPECT_TRUE(
        contains(message_of<ValueError>([] { const Listener open(Address::tcp("127.0.0.1", 0)); }),
                 "needs an authkey"));
    EXPECT_TRUE(contains(message_of<ValueError>([] {
                             const Listener open(Address::tcp("0.0.0.0", 0), {.authkey = "short"});
                         }),
                         "at least 16 bytes"));
}

TEST(ListenerKey, that_is_wrong_is_refused_on_both_sides_and_the_next_one_is_accepted) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    std::thread clients([&] {
        EXPECT_THROW((void)Client(listener.address(), {.authkey = "wrong"}), AuthenticationError);
        Client(listener.address(), {.authkey = kKey}).send(1);
    });
    EXPECT_EQ(listener.accept().recv<int>(), 1);
    clients.join();
}

TEST(ListenerRawClients, that_are_silent_keep_no_client_waiting) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    std::vector<Handle> silent;
    for (int i = 0; i < 10; ++i) silent.push_back(raw_client_at(listener.address()));
    std::thread client([&] { Client(listener.address(), {.authkey = kKey}).send(1); });
    EXPECT_EQ(listener.accept().recv<int>(), 1);
    client.join();
}

TEST(ListenerRawClients, that_stay_silent_are_disconnected) {
    Listener listener(Address::tcp("127.0.0.1", 0),
                      {.authkey = kKey, .patience = std::chrono::milliseconds(20)});
    const Handle silent = raw_client_at(listener.address());
    while (!listener.try_accept(5ms).has_value()) {
        // Its challenge first, then the end.
        char byte = 0;
        const ssize_t got = ::recv(silent.get(), &byte, 1, MSG_DONTWAIT);
        if (got == 0) break;
    }
}

TEST(ListenerRawClients, that_send_nonsense_or_too_much_are_disconnected) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    using namespace std::string_literals;
    std::vector<Handle> raw_clients;
    for (const std::string& nonsense : {"GET / HTTP/1.1\r\n\r\n"s, "\0\0\0\1x"s,
                                        "\xff\xff\xff\xff\x7f\xff\xff\xff\xff\xff\xff\xff"s,
                                        "\0\0\2\0"s + std::string(512, 'x'), "\0\0\0\0"s}) {
        raw_clients.push_back(raw_client_at(listener.address()));
        must(::send(raw_clients.back().get(), nonsense.data(), nonsense.size(), MSG_NOSIGNAL) > 0);
    }
    std::thread client([&] { Client(listener.address(), {.authkey = kKey}).send(1); });
    EXPECT_EQ(listener.accept().recv<int>(), 1);
    client.join();
    for (const auto& raw_client : raw_clients) {
        std::string all(4096, '\0');
        ssize_t got = 0;
        do {
            got = ::recv(raw_client.get(), all.data(), all.size(), 0);
        } while (got > 0);
        EXPECT_TRUE(got == 0 || errno == ECONNRESET) << "disconnected";
    }
}

TEST(ListenerWaiting, ends_at_the_deadline_and_when_it_is_closed) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    EXPECT_THROW((void)listener.accept(1ms), TimeoutError);
    EXPECT_EQ(listener.try_accept().error(), AcceptError::timed_out);
    EXPECT_EQ(wait({listener}, Deadline::now()), std::vector<std::size_t>());
    const Handle raw_client = raw_client_at(listener.address());
    EXPECT_EQ(wait({listener}), std::vector<std::size_t>{0});
    listener.close();
    EXPECT_THROW((void)listener.accept(1ms), ClosedError);
}

TEST(ClientOfNobody, is_told_so) {
    Address address = Address::tcp("127.0.0.1", 0);
    {
        const Listener listener(address, {.authkey = kKey});
        address = listener.address();
    }
    try {
        (void)Client(address, {.authkey = kKey});
        ADD_FAILURE() << "no process is there";
    } catch (const OSError& problem) {
        EXPECT_EQ(problem.code(), std::errc::connection_refused);
    }
}

TEST(ClientOfASilentListener, is_told_so_in_time) {
    // It listens, and never accepts.
    const Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    EXPECT_THROW((void)Client(listener.address(),
                              {.authkey = kKey, .patience = std::chrono::milliseconds(20)}),
                 TimeoutError);
}

}  // namespace
}  // namespace procession::testing
