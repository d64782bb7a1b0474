// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <vector>

#include "options.h"
#include "screen.h"
#include "tree_sum.h"

namespace treesum {

/// The workers. Keeps their number up: one that died, of whatever cause, is replaced. The
/// destructor kills those that are left.
class Crew {
  public:
    /// Throws: procession::ProcessError when the system refuses so many processes.
    Crew(TreeSum& tree, const Options& options, Screen& screen);
    Crew(const Crew&) = delete;
    Crew& operator=(const Crew&) = delete;
    ~Crew();

    /// Replaces the dead, and kills when chaos is asked for and due. To be called often: it looks
    /// only when some time has passed.
    /// Throws: std::runtime_error when workers die and nothing gets done.
    void tend();
    void end_chaos() { chaos_ = 0; }
    /// Something got done: whatever the workers die of, it is not the work.
    void has_progressed() { vain_deaths_ = 0; }
    /// How long a tend() may be put off.
    [[nodiscard]] std::chrono::milliseconds patience() const;

    /// After the queue's shutdown: waits for all to end.
    void dismiss();

    [[nodiscard]] std::size_t size() const { return workers_.size(); }
    [[nodiscard]] std::uint64_t kills() const { return kills_; }
    /// Deaths that were not ours.
    [[nodiscard]] std::uint64_t deaths() const { return deaths_; }

  private:
    using Clock = std::chrono::steady_clock;
    struct Worker {
        Worker() = default;
        Worker(const Worker&) = delete;
        Worker& operator=(const Worker&) = delete;
        ~Worker() {
            if (!absent) process.kill();
        }

        mp::Process process;
        bool killed = false;  // by us
        bool absent = true;   // not started, or not again
    };
    void start(Worker& worker);
    void bury(Worker& worker);
    void replace_the_dead();
    void kill_those_due(Clock::time_point now);

    TreeSum& tree_;
    Screen& screen_;
    const mp::StartMethod method_;
    std::vector<Worker> workers_;
    double chaos_;
    std::mt19937_64 random_{std::random_device{}()};
    Clock::time_point next_kill_ = Clock::now();
    Clock::time_point looked_ = Clock::now();
    std::uint64_t kills_ = 0;
    std::uint64_t deaths_ = 0;
    std::uint64_t vain_deaths_ = 0;
    std::uint64_t started_ = 0;
};

}  // namespace treesum
