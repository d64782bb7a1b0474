// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>
#include <tuple>

#include "contract/process_fixture.h"
#include "contract/python_program.h"
#include "procession/client.h"
#include "procession/listener.h"
#include "support/queue_helpers.h"

// The peer is CPython's own multiprocessing.connection.

namespace procession::testing {
namespace {

/// What a shell command prints.
std::string output_of(const std::string& command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "re"), ::pclose);
    std::string output;
    char part[256];
    while (std::fgets(part, sizeof part, pipe.get()) != nullptr) output += part;
    return output;
}

/// A Python of at least that version, or "".
std::string find_python(int minor, int below = 100) {
    const std::string pythons = output_of(
        "for each in python3.13 python3.12 python3.14 python3 /usr/bin/python3 "
        "~/.pyenv/versions/3.1*/bin/python3; do command -v $each; done 2>/dev/null");
    std::istringstream lines(pythons);
    for (std::string python; std::getline(lines, python);) {
        const std::string found =
            output_of(python + " -c 'import sys; print(sys.version_info[1])' 2>/dev/null");
        if (!found.empty() && std::stoi(found) >= minor && std::stoi(found) < below) return python;
    }
    return "";
}

class WithPython : public ::testing::Test {
  protected:
    void SetUp() override {
        python_ = find_python(12);
        if (python_.empty()) GTEST_SKIP() << "there is no CPython 3.12 or newer on this machine";
    }
    std::string python_;
};

constexpr const char* kKey = "the key that both know";

TEST_F(WithPython, our_listener_lets_its_client_in_and_bytes_go_both_ways) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    PythonProgram client(python_,
                         "from multiprocessing.connection import Client\n"
                         "c = Client(('127.0.0.1', " +
                             std::to_string(listener.address().port()) + "), authkey=b'" + kKey +
                             "')\n"
                             "for n in (0, 1, 16384, 16385, 3000000):\n"
                             "    m = bytes([n % 251]) * n\n"
                             "    c.send_bytes(m)\n"
                             "    assert c.recv_bytes() == m, n\n"
                             "print('all came back')\n");
    const auto connection = listener.accept();
    for (const std::size_t size : {0, 1, 16384, 16385, 3000000}) {
        const auto message = connection.recv_bytes();
        EXPECT_EQ(message.size(), size);
        connection.send_bytes(message);
    }
    EXPECT_THROW((void)connection.recv_bytes(), EOFError);
    EXPECT_EQ(client.rest(), "all came back\n");
}

TEST_F(WithPython, our_client_is_accepted_by_its_listener) {
    PythonProgram server(python_,
                         "from multiprocessing.connection import Listener\n"
                         "with Listener(('127.0.0.1', 0), authkey=b'" +
                             std::string(kKey) +
                             "') as l:\n"
                             "    print(l.address[1], flush=True)\n"
                             "    with l.accept() as c:\n"
                             "        print(c.recv_bytes().decode())\n"
                             "        c.send_bytes(b'from python')\n");
    const auto port = static_cast<unsigned>(std::stoi(server.line()));
    const auto connection = Client(Address::tcp("127.0.0.1", port), {.authkey = kKey});
    connection.send_bytes("from C++");
    const auto message = connection.recv_bytes();
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(message.data()), message.size()),
              "from python");
    EXPECT_EQ(server.rest(), "from C++\n");
}

TEST_F(WithPython, values_are_message_pack_on_the_wire) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    PythonProgram client(python_,
                         "from multiprocessing.connection import Client\n"
                         "c = Client(('127.0.0.1', " +
                             std::to_string(listener.address().port()) + "), authkey=b'" + kKey +
                             "')\n"
                             "c.send_bytes(b'\\x93\\x07\\xa4text\\xc3')\n"
                             "print(c.recv_bytes().hex())\n");
    const auto connection = listener.accept();
    const auto value = connection.recv<std::tuple<int, std::string, bool>>();
    EXPECT_EQ(value, (std::tuple<int, std::string, bool>{7, "text", true}));
    connection.send(std::vector<std::string>{"a", "bc"});
    EXPECT_EQ(client.rest(), "92a161a26263\n");
}

TEST_F(WithPython, a_wrong_key_is_an_authentication_error_there_and_here) {
    Listener listener(Address::tcp("127.0.0.1", 0), {.authkey = kKey});
    PythonProgram client(python_,
                         "from multiprocessing import connection, AuthenticationError\n"
                         "try:\n"
                         "    connection.Client(('127.0.0.1', " +
                             std::to_string(listener.address().port()) +
                             "), authkey=b'another key')\n"
                             "except AuthenticationError as e:\n"
                             "    print('refused:', e)\n");
    std::string refused;
    std::atomic<bool> python_has_ended{false};
    std::thread reader([&] {
        refused = client.rest();
        python_has_ended = true;
    });
    while (!python_has_ended) EXPECT_FALSE(listener.try_accept(20ms).has_value());
    reader.join();
    EXPECT_EQ(refused, "refused: digest sent was rejected\n");

    PythonProgram server(
        python_,
        "from multiprocessing import connection, AuthenticationError\n"
        "with connection.Listener(('127.0.0.1', 0), authkey=b'another key') as l:\n"
        "    print(l.address[1], flush=True)\n"
        "    try:\n"
        "        l.accept()\n"
        "    except AuthenticationError as e:\n"
        "        print('refused:', e)\n");
    const auto port = static_cast<unsigned>(std::stoi(server.line()));
    EXPECT_THROW((void)Client(Address::tcp("127.0.0.1", port), {.authkey = kKey}),
                 AuthenticationError);
    EXPECT_EQ(server.rest(), "refused: digest received was wrong\n");
}

TEST(WithOldPython, is_refused_with_a_reason_and_may_come_without_a_key) {
    const std::string python = find_python(6, 12);
    if (python.empty()) GTEST_SKIP() << "there is no CPython older than 3.12 on this machine";
    PythonProgram server(python,
                         "from multiprocessing import connection, AuthenticationError\n"
                         "with connection.Listener(('127.0.0.1', 0), authkey=b'key') as l:\n"
                         "    print(l.address[1], flush=True)\n"
                         "    try:\n"
                         "        l.accept()\n"
                         "    except (AuthenticationError, EOFError, OSError):\n"
                         "        print('refused')\n");
    const auto port = static_cast<unsigned>(std::stoi(server.line()));
    EXPECT_TRUE(contains(message_of<AuthenticationError>([&] {
                             (void)Client(Address::tcp("127.0.0.1", port), {.authkey = "key"});
                         }),
                         "use CPython 3.12 or newer"));
    EXPECT_EQ(server.rest(), "refused\n");

    const Folder folder;
    Listener listener(Address::path(folder.file("socket")));
    PythonProgram client(python,
                         "from multiprocessing.connection import Client\n"
                         "c = Client('" +
                             listener.address().name() +
                             "')\n"
                             "c.send_bytes(b'no key needed')\n"
                             "print(c.recv_bytes())\n");
    const auto connection = listener.accept();
    EXPECT_EQ(connection.recv_bytes().size(), 13U);
    connection.send_bytes("right");
    EXPECT_EQ(client.rest(), "b'right'\n");
}

}  // namespace
}  // namespace procession::testing
