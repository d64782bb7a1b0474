// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "desk.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdio>
#include <system_error>

namespace mp = procession;

namespace webcrew {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

mp::Handle listen_on(unsigned wanted, unsigned& port) {
    mp::Handle socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!socket.valid()) fail("socket");
    const int yes = 1;
    ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(wanted));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const general = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.get(), general, sizeof address) != 0) fail("bind");
    if (::listen(socket.get(), SOMAXCONN) != 0) fail("listen");
    socklen_t length = sizeof address;
    if (::getsockname(socket.get(), general, &length) != 0) fail("getsockname");
    port = ntohs(address.sin_port);
    return socket;
}

}  // namespace

Desk::Desk(const Options& options)
    : options_(options),
      answered_(crew_.answers.ready_handle()),
      listening_(listen_on(options.port, port_)) {
    for (unsigned i = 0; i < options_.workers; ++i) start_worker();
    if (options_.chaos != 0) kills_at_ = Clock::now();
}

void Desk::start_worker() { workers_.emplace_back(options_.method, crew_); }

void Desk::run(int stop) {
    std::vector<mp::Waitable> watched;
    std::vector<std::uint64_t> idle;  // those behind the first ones in `watched`
    for (;;) {
        watched.clear();
        watched.emplace_back(stop);
        watched.emplace_back(listening_.get());
        watched.emplace_back(answered_);
        for (const auto& worker : workers_) watched.emplace_back(worker.sentinel());
        const std::size_t others = watched.size();
        idle.clear();
        for (const auto& [number, connection] : connections_) {
            if (connection.is_called) continue;
            watched.emplace_back(connection.socket.get());
            idle.push_back(number);
        }
        for (const std::size_t ready : mp::wait(watched, next_kill())) {
            if (ready == 0) return end();
            if (ready < others) continue;
            const auto found = connections_.find(idle[ready - others]);
            call(found->first, found->second);
        }
        accept_all();
        take_answers();
        replace_the_dead();
        kill_somebody();
    }
}

void Desk::accept_all() {
    for (;;) {
        mp::Handle socket(
            ::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
        if (!socket.valid()) return;  // none now, or the client has gone again
        const int yes = 1;
        ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
        connections_.emplace(++connections_so_far_, Connection{std::move(socket), 0, false});
    }
}

void Desk::call(std::uint64_t number, Connection& connection) {
    crew_.calls.put({number, ++connection.turn, connection.socket.duplicate()});
    connection.is_called = true;
}

void Desk::take_answers() {
    while (const auto answer = crew_.answers.try_get()) {
        const auto found = connections_.find(answer->number);
        // Said twice, see Crew.
        if (found == connections_.end() || found->second.turn != answer->turn) continue;
        found->second.is_called = false;
        if (answer->keeps_open) continue;
        // For the client it ends now, even while other processes have a handle of it.
        ::shutdown(found->second.socket.get(), SHUT_RDWR);
        connections_.erase(found);
    }
}

void Desk::replace_the_dead() {
    const auto ended = std::erase_if(workers_, [](mp::Process& worker) {
        if (worker.is_alive()) return false;
        std::fprintf(stderr, "webcrew: worker %d ended (%d)\n", worker.pid(),
                     worker.exit_code().value_or(0));
        return true;
    });
    for (std::size_t i = 0; i < ended; ++i) start_worker();
}

void Desk::kill_somebody() {
    if (!kills_at_ || Clock::now() < *kills_at_) return;
    kills_at_ = Clock::now() + std::chrono::microseconds(1'000'000 / options_.chaos);
    workers_[random_() % workers_.size()].kill();
    ++killed_;
}

mp::Deadline Desk::next_kill() const {
    if (!kills_at_) return mp::Deadline::never();
    return mp::Deadline::at(*kills_at_);
}

void Desk::end() {
    crew_.calls.join(std::chrono::seconds(5));  // clients that have asked are answered
    crew_.calls.shutdown();
    for (auto& worker : workers_) worker.join();
    std::fprintf(stderr, "webcrew: %llu connections, %llu workers killed\n",
                 static_cast<unsigned long long>(connections_so_far_),
                 static_cast<unsigned long long>(killed_));
}

}  // namespace webcrew
