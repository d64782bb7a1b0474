// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// Messages between two processes over a Connection, beside a bare socket pair and CPython's
// Connection; and how fast handles and queues travel to a process that runs already.

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <functional>
#include <string>
#include <system_error>
#include <vector>

#include "machine.h"
#include "procession/init.h"
#include "procession/joinable_queue.h"
#include "procession/pipe.h"
#include "procession/process.h"
#include "procession/queue.h"
#include "report.h"
#include "team.h"
#include "versions.h"

namespace procession::bench {

namespace {

using Clock = std::chrono::steady_clock;
using Bytes = std::vector<std::byte>;

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::system_category(), what);
}

/// How many a second, when `act` does `count`.
template <class Act>
double rate(std::size_t count, Act act) {
    const auto begin = Clock::now();
    act();
    return static_cast<double>(count) / std::chrono::duration<double>(Clock::now() - begin).count();
}

// ---- messages one way: a child receives them all, then answers ----------------------------------

void receive_all(const ByteConnection& from, std::size_t count, std::size_t size) {
    Bytes space(size);
    for (std::size_t i = 0; i < count; ++i) static_cast<void>(from.recv_bytes_into(space));
    from.send_bytes("");
}
double over_connection(std::size_t count, std::size_t size) {
    const auto [mine, its] = Pipe();
    const Process child(spawn, receive_all, its, count, size);
    const Bytes message(size);
    return rate(count, [&, &mine = mine] {
        for (std::size_t i = 0; i < count; ++i) mine.send_bytes(message);
        static_cast<void>(mine.recv_bytes());
    });
}

void read_all(int from, Bytes& space) {
    for (std::size_t got = 0; got < space.size();) {
        const ssize_t more = ::read(from, space.data() + got, space.size() - got);
        if (more <= 0) fail("read");
        got += static_cast<std::size_t>(more);
    }
}
void write_all(int to, const Bytes& bytes) {
    for (std::size_t sent = 0; sent < bytes.size();) {
        const ssize_t more = ::write(to, bytes.data() + sent, bytes.size() - sent);
        if (more <= 0) fail("write");
        sent += static_cast<std::size_t>(more);
    }
}
/// Bytes of a known size, no frames, no locks.
double over_socketpair(std::size_t count, std::size_t size) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
    const Handle mine(ends[0]);
    Handle its(ends[1]);
    const pid_t child = ::fork();
    Bytes message(size);
    Bytes answer(1);
    if (child == 0) {
        for (std::size_t i = 0; i < count; ++i) read_all(its.get(), message);
        write_all(its.get(), answer);
        ::_exit(0);
    }
    its.reset();
    const double result = rate(count, [&] {
        for (std::size_t i = 0; i < count; ++i) write_all(mine.get(), message);
        read_all(mine.get(), answer);
    });
    ::waitpid(child, nullptr, 0);
    return result;
}

double over_python(std::size_t count, std::size_t size) {
    const std::string program =
        "import sys, time\n"
        "from multiprocessing import Pipe, Process\n"
        "n, size = " +
        std::to_string(count) + ", " + std::to_string(size) +
        "\n"
        "def receive(c):\n"
        "    for i in range(n): c.recv_bytes()\n"
        "    c.send_bytes(b'')\n"
        "a, b = Pipe()\n"
        "p = Process(target=receive, args=(b,)); p.start()\n"
        "m = bytes(size)\n"
        "t = time.perf_counter()\n"
        "for i in range(n): a.send_bytes(m)\n"
        "a.recv_bytes()\n"
        "print(n / (time.perf_counter() - t))\n"
        "p.join()\n";
    FILE* const pipe =
        ::popen(("/usr/bin/python3 - <<'PROGRAM'\n" + program + "PROGRAM").c_str(), "re");
    double result = 0;
    const bool read = pipe != nullptr && std::fscanf(pipe, "%lf", &result) == 1;
    if (pipe != nullptr) ::pclose(pipe);
    if (!read) throw std::runtime_error("/usr/bin/python3 gives no figure");
    return result;
}

// ---- handles and queues: sender and receiver are one process, so that the passing alone counts --

Handle some_file() { return Handle(::open("/dev/null", O_RDWR | O_CLOEXEC)); }

double handles_over_connection(std::size_t count, std::size_t) {
    const auto [one, other] = Pipe();
    const Handle file = some_file();
    return rate(count, [&, &one = one, &other = other] {
        for (std::size_t i = 0; i < count; ++i) {
            one.send_handle(file);
            static_cast<void>(other.recv_handle());
        }
    });
}
double handles_over_socketpair(std::size_t count, std::size_t) {
    std::array<int, 2> ends{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0) fail("socketpair");
    const Handle one(ends[0]);
    const Handle other(ends[1]);
    const Handle file = some_file();
    char byte = 0;
    iovec piece{&byte, 1};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    return rate(count, [&] {
        for (std::size_t i = 0; i < count; ++i) {
            msghdr message{};
            message.msg_iov = &piece;
            message.msg_iovlen = 1;
            message.msg_control = control.data();
            message.msg_controllen = control.size();
            cmsghdr* const head = CMSG_FIRSTHDR(&message);
            head->cmsg_level = SOL_SOCKET;
            head->cmsg_type = SCM_RIGHTS;
            head->cmsg_len = CMSG_LEN(sizeof(int));
            const int sent = file.get();
            std::memcpy(CMSG_DATA(head), &sent, sizeof sent);
            if (::sendmsg(one.get(), &message, 0) != 1) fail("sendmsg");
            if (::recvmsg(other.get(), &message, MSG_CMSG_CLOEXEC) != 1) fail("recvmsg");
            int arrived = -1;
            std::memcpy(&arrived, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof arrived);
            ::close(arrived);
        }
    });
}
double queues_over_connection(std::size_t count, std::size_t) {
    const auto [one, other] = Pipe();
    const Queue<int> queue;
    return rate(count, [&, &one = one, &other = other] {
        for (std::size_t i = 0; i < count; ++i) {
            one.send(queue);
            static_cast<void>(other.recv<Queue<int>>());
        }
    });
}
template <template <class> class Carrier, class Element>
double through_queue(std::size_t count, const Element& element) {
    const Carrier<Element> carrier;
    return rate(count, [&] {
        for (std::size_t i = 0; i < count; ++i) {
            carrier.put(element);
            if constexpr (requires { carrier.task_done(); }) {
                carrier.get().done();
            } else {
                static_cast<void>(carrier.get());
            }
        }
    });
}

struct Case {
    std::string name;
    std::size_t size;
    std::size_t count;
    struct Way {
        std::string name;
        std::function<double(std::size_t count, std::size_t size)> run;
        std::vector<double> rates = {};
    };
    std::vector<Way> ways;  // the first one is ours, the others are compared with it
};

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    const std::array<std::pair<std::size_t, std::size_t>, 3> sizes{
        {{64, 100'000}, {4096, 50'000}, {std::size_t{1} << 20, 1'000}}};
    for (const auto& [size, count] : sizes) {
        cases.push_back({"messages of " + show_bytes(size),
                         size,
                         count,
                         {{"Connection", over_connection},
                          {"bare socket pair", over_socketpair},
                          {"Python Connection", over_python}}});
    }
    cases.push_back({"handles",
                     0,
                     20'000,
                     {{"Connection.send_handle", handles_over_connection},
                      {"bare sendmsg", handles_over_socketpair},
                      {"through a Queue", [](std::size_t count, std::size_t) {
                           return through_queue<Queue, Handle>(count, some_file());
                       }}}});
    cases.push_back({"queues",
                     0,
                     10'000,
                     {{"through a Queue",
                       [](std::size_t count, std::size_t) {
                           return through_queue<Queue, Queue<int>>(count, {});
                       }},
                      {"through a JoinableQueue",
                       [](std::size_t count, std::size_t) {
                           return through_queue<JoinableQueue, Queue<int>>(count, {});
                       }},
                      {"through a Connection", queues_over_connection}}});
    return cases;
}

void measure(Case& each, const Settings& settings, Table& table, JsonReport& json) {
    const std::size_t count = settings.quick ? each.count / 4 : each.count;
    for (std::size_t round = 0; round < settings.rounds; ++round) {
        for (std::size_t i = 0; i < each.ways.size(); ++i) {
            auto& way = each.ways[(i + round) % each.ways.size()];
            announce(each.name + ", " + way.name);
            expect_progress(way.name);
            way.rates.push_back(way.run(count, each.size));
        }
    }
    for (const auto& way : each.ways) {
        const double ratio = paired_ratio(each.ways[0].rates, way.rates);
        table.add({each.name, way.name, show_rate(median(way.rates)),
                   show_rate(percentile(way.rates, 0)), show_rate(percentile(way.rates, 1)),
                   show_ratio(ratio)});
        json.record()
            .set("case", each.name)
            .set("what", way.name)
            .set("per_second", median(way.rates))
            .set("lowest", percentile(way.rates, 0))
            .set("highest", percentile(way.rates, 1))
            .set("ratio", ratio)
            .set("rounds", way.rates);
    }
    table.gap();
}

int run(const Settings& settings) {
    std::printf("Messages, handles and queues on their way: %s\n%s\n", machine().c_str(),
                versions().c_str());
    std::printf(
        "Medians of %zu alternated rounds. Messages go one way to another process; the bare socket "
        "\npair moves bytes of a size that both know. Handles and queues are sent and received by "
        "one\nprocess. The ratio is the first row's rate to this one's.\n\n",
        settings.rounds);
    Table table(2, {"what", "how", "a second", "lowest", "highest", "ratio"});
    JsonReport json("passing", settings);
    auto cases = all_cases();
    for (Case& each : cases) {
        if (settings.wants(each.name)) measure(each, settings, table, json);
    }
    return conclude(table, json, settings);
}

}  // namespace

}  // namespace procession::bench

int main(int argc, char** argv) {
    procession::init(argc, argv);
    return procession::bench::run_benchmark(
        argc, argv, "passing_bench",
        "Messages over a Connection beside a bare socket pair and CPython's; handles and queues "
        "passed to running processes.",
        procession::bench::run);
}
