// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>

#include "crew.h"
#include "job_list.h"
#include "options.h"
#include "output.h"
#include "screen.h"
#include "tree_sum.h"
#include "walker.h"

namespace treesum {

/// The parent's work, all in one thread: walks the tree, keeps the task queue full and the result
/// queue empty, keeps the workers alive, and writes what is ready.
///
/// It never waits at the task queue, so that both queues may be bounded: a worker that waits for
/// room among the results always gets it.
class Foreman {
  public:
    explicit Foreman(const Options& options);

    /// The exit status. Throws: std::exception when the work cannot go on.
    [[nodiscard]] int run();

  private:
    using Clock = std::chrono::steady_clock;

    /// Whether there may be room, and work, for more.
    bool feed();
    [[nodiscard]] std::optional<Task> next_task();
    [[nodiscard]] bool is_all_settled() const;
    void take_results(std::chrono::milliseconds wait);
    void take_given_up();
    void write_settled();
    void report_problem(const std::string& path, std::int32_t problem);
    void draw();
    void end_workers();
    [[nodiscard]] Summary summary() const;

    const Options options_;
    const Clock::time_point begun_ = Clock::now();
    Screen screen_;
    Output output_;
    TreeSum tree_;
    JobList jobs_;
    Walker walker_;
    bool walked_ = false;
    std::optional<FoundFile> held_back_;  // did not fit into the last task
    std::deque<Task> to_put_;
    std::uint64_t files_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t failed_ = 0;
    Clock::time_point looked_for_letters_ = begun_;
    Crew crew_;  // last: gone before the queues are
};

/// Ctrl-C and SIGTERM end run() soon: it returns 128 + the signal's number. A second one ends the
/// program at once.
void listen_to_signals();

}  // namespace treesum
