// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <vector>

#include "instruction/script.h"
#include "procession/byte_queue.h"

namespace procession::instruction {

/// What a process says about itself, in memory that it shares with whoever observes it. Each word
/// is stored by one instruction, in program order with the calls on the queue.
struct ActorNotes {
    static constexpr std::size_t kGotMax = 32;

    std::atomic<unsigned> begun{0};  // changes that may have happened
    std::atomic<unsigned> done{0};   // changes of calls that have returned
    std::atomic<unsigned> got_count{0};
    std::array<std::atomic<int>, kGotMax> got{};  // the numbers that get() returned
    std::atomic<bool> completed{false};
    char error[256]{};
};

/// Performs the steps of a script on a queue, and notes what it does.
class Actor {
  public:
    Actor(ByteQueue queue, int id, ActorNotes& notes)
        : queue_(std::move(queue)), id_(id), notes_(notes) {}

    /// Makes the payloads that these steps need, so that performing them is hardly more than calls.
    void prepare(const std::vector<Step>& steps);
    void perform_prepared(const std::vector<Step>& steps) {
        for (const Step& step : steps) perform(step);
    }
    void perform(const std::vector<Step>& steps) {
        prepare(steps);
        perform_prepared(steps);
    }

  private:
    void perform(const Step& step);
    void put(Verb verb);
    void get();
    void get_many(std::size_t count);
    void keep(const MessageView& message);
    Ticket let_go(std::size_t pick);
    void call(const Step& step);

    ByteQueue queue_;
    const int id_;
    ActorNotes& notes_;
    std::vector<Ticket> in_hand_;
    // Of the calls to come, the next one last.
    std::vector<std::vector<std::vector<std::byte>>> payloads_;
    std::vector<std::vector<Piece>> pieces_;
    std::vector<unsigned> changes_;
};

/// The life of an actor that is a child: the script's first part, a stop (SIGSTOP) at which an
/// observer takes over, the observed part, and then no instruction of interest any more.
[[noreturn]] void live(const ByteQueue& queue, int id, const Script& script, ActorNotes& notes);

}  // namespace procession::instruction
