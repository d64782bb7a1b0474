// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "crash/queue_model.h"
#include "crash/scenarios.h"
#include "procession/queue_stats.h"

namespace procession::testing {

struct BlackBox;

/// What the survivor saw.
struct Observed {
    std::uint64_t waiting_at_first = 0;
    std::vector<Delivery> first;   // in the order in which they came
    std::vector<Delivery> second;  // after all deaths were noticed
    std::vector<Delivery> letters;
    std::uint64_t unfinished = 0;
    QueueStats stats;
};

/// Compares what was seen with what the model allows: every delivery in its place with its number,
/// every letter, every count.
class Verdict {
  public:
    explicit Verdict(const Scenario& scenario) : scenario_(scenario) {}

    /// What the queue may be like after a further life, as far as its black box tells: the act that
    /// was cut short has come to one of its stages.
    void add_life(std::vector<QueueModel>& candidates, const Script& script,
                  const BlackBox& box) const;

    /// Empty when one of the candidates explains it all.
    [[nodiscard]] std::string on(const Observed& seen, std::vector<QueueModel> candidates,
                                 bool noticed_before) const;

  private:
    const Scenario& scenario_;
};

}  // namespace procession::testing
