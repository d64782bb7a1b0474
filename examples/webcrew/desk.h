// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <procession/procession.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include "crew.h"

namespace webcrew {

struct Options {
    unsigned port = 0;  // any
    unsigned workers = 2;
    procession::StartMethod method = procession::StartMethod::spawn;
    unsigned chaos = 0;  // kills a second
};

/// The parent's work: accepts connections, hands a connection to whichever worker is free when a
/// request arrives on it, and keeps the workers alive. It never reads a request itself.
class Desk {
  public:
    explicit Desk(const Options& options);

    [[nodiscard]] unsigned port() const noexcept { return port_; }
    /// Until `stop` becomes readable.
    void run(int stop);

  private:
    using Clock = std::chrono::steady_clock;

    struct Connection {
        procession::Handle socket;
        std::uint64_t turn = 0;
        bool is_called = false;  // a worker has it, or will
    };

    void accept_all();
    void call(std::uint64_t number, Connection& connection);
    void take_answers();
    void start_worker();
    void replace_the_dead();
    void kill_somebody();
    [[nodiscard]] procession::Deadline next_kill() const;
    void end();

    const Options options_;
    Crew crew_;
    procession::ReadyHandle answered_;
    unsigned port_ = 0;
    procession::Handle listening_;
    std::map<std::uint64_t, Connection> connections_;
    std::uint64_t connections_so_far_ = 0;
    std::vector<procession::Process> workers_;
    std::mt19937 random_{std::random_device{}()};
    std::optional<Clock::time_point> kills_at_;
    std::uint64_t killed_ = 0;
};

}  // namespace webcrew
