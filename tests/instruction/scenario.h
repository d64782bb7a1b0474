// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "instruction/actor.h"
#include "instruction/model.h"
#include "instruction/script.h"
#include "instruction/segment_view.h"

namespace procession::instruction {

/// A queue in some state, and what one process, or two, do with it then.
struct Scenario {
    std::string name;
    QueueKind kind = QueueKind::joinable;
    std::size_t maxsize = 0;
    std::uint32_t max_deliveries = 16;
    // Before everything: the log is brought so many bytes before a chunk's end (0: left at the
    // beginning), after so many chunks have been used up and are there to be used again.
    std::uint32_t bytes_left = 0;
    unsigned chunks_used = 0;
    std::vector<Step> stage;  // what the test itself does, as a participant that stays
    std::vector<Script> actors;
};

/// The queue of a scenario, staged, and the model of it.
class Stage {
  public:
    explicit Stage(const Scenario& scenario);

    [[nodiscard]] const ByteQueue& queue() const { return queue_; }
    [[nodiscard]] const Model& model() const { return model_; }
    [[nodiscard]] SegmentView& view() { return view_; }
    [[nodiscard]] const SegmentView& view() const { return view_; }

  private:
    void perform(const std::vector<Step>& steps);
    void put_and_take_filler(std::uint32_t record_bytes);
    [[nodiscard]] std::uint32_t bytes_left() const;
    void bring_log_to(std::uint32_t bytes_left, unsigned chunks_used);

    ByteQueue queue_;
    Model model_;
    SegmentView view_;
    ActorNotes notes_;
    Actor self_;
};

/// What one process does, for both kinds of queue.
[[nodiscard]] const std::vector<Scenario>& single_scenarios();
/// What two processes do at the same time.
[[nodiscard]] const std::vector<Scenario>& pair_scenarios();
[[nodiscard]] const Scenario& scenario_named(const std::string& name);

}  // namespace procession::instruction
