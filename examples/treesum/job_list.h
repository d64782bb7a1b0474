// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "output.h"
#include "tree_sum.h"
#include "walker.h"

namespace treesum {

/// The tasks that were handed out and whose output is not written yet, in the order of the output.
///
/// Each task is settled once, by the first result that says it is finished, however many come; the
/// output of settled tasks is taken from the front, so that it comes in order.
class JobList {
  public:
    struct Settled {
        std::vector<std::string> paths;
        std::vector<FileSum> sums;
    };

    /// The task for these files, to be put into the queue.
    [[nodiscard]] Task add(std::vector<FoundFile> files);
    /// Returns a task to be put again, when the result asks for it.
    [[nodiscard]] std::optional<Task> take_in(Result& result);
    /// The task will never be done.
    void give_up(const Task& task);
    /// The oldest job, when it is settled.
    [[nodiscard]] std::optional<Settled> take_settled();

    [[nodiscard]] bool is_empty() const { return jobs_.empty(); }
    // Counted as results come in, before they are written.
    [[nodiscard]] std::uint64_t files_done() const { return files_done_; }
    [[nodiscard]] std::uint64_t bytes_done() const { return bytes_done_ + bytes_underway_; }
    [[nodiscard]] std::uint64_t files_in_flight() const { return files_in_flight_; }

  private:
    struct Job {
        Task task;  // as put last; `from` is how far a large file is known to be
        bool is_settled = false;
        std::vector<FileSum> sums;
    };
    [[nodiscard]] Job* unsettled(std::uint64_t number);
    void settle(Job& job, std::vector<FileSum> sums);

    std::deque<Job> jobs_;
    std::uint64_t first_ = 0;  // number of the front job
    std::uint64_t files_done_ = 0;
    std::uint64_t bytes_done_ = 0;
    std::uint64_t bytes_underway_ = 0;  // of large files not finished yet
    std::uint64_t files_in_flight_ = 0;
};

}  // namespace treesum
