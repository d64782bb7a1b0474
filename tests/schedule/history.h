// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace procession::schedule {

enum class Verb : std::uint8_t {
    put,
    get,
    finish,
    give_back,
    reject,
    join,
    shut_down,
    size,
    unfinished,
    leave,  // a participant leaves or is taken over: what it holds goes back
};

/// Who gave up did so at its deadline, perhaps at a lock: that says nothing about the queue.
enum class Ending : std::uint8_t { open, done, empty, shut_down, gave_up };

/// One call of one participant: from `begin` to `end` on one clock that counts calls and returns.
struct Call {
    int process = 0;
    Verb verb = Verb::put;
    int value = 0;  // the item, or the number that was returned
    Ending ending = Ending::open;
    unsigned begin = 0;
    unsigned end = 0;  // 0: it never returned; it may have happened, or not
};

/// What kind of queue is told to explain a history.
struct QueueRules {
    bool joinable = false;
    std::size_t maxsize = 0;
};

/// The calls of one run, and whether a queue of the promised kind could have answered so: whether
/// there is an order of the calls, each at one instant between its begin and its end, that a simple
/// sequential queue explains (linearizability). The calls of the dead may have happened or not.
class History {
  public:
    std::size_t begin(int process, Verb verb, int value = 0) {
        calls_.push_back({process, verb, value, Ending::open, ++clock_, 0});
        return calls_.size() - 1;
    }
    void end(std::size_t call, Ending ending, int value) {
        calls_[call].ending = ending;
        calls_[call].value = value;
        calls_[call].end = ++clock_;
    }
    [[nodiscard]] bool is_explained_by(const QueueRules& rules) const;
    [[nodiscard]] std::string text() const;
    [[nodiscard]] const std::vector<Call>& calls() const noexcept { return calls_; }

  private:
    std::vector<Call> calls_;
    unsigned clock_ = 0;
};

}  // namespace procession::schedule
