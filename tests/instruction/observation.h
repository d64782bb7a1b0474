// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "instruction/possible.h"
#include "instruction/scenario.h"
#include "instruction/store_names.h"
#include "instruction/tracee.h"
#include "support/shared_notes.h"

namespace procession::instruction {

/// What an observation has seen.
struct Score {
    std::uint64_t instructions = 0;
    std::uint64_t states = 0;      // of the shared memory, or of what the actors had said
    std::uint64_t recoveries = 0;  // verified
    // For each kind of change, the stores that made it happen.
    std::map<std::string, std::set<std::string>> commits;

    Score& operator+=(const Score& other);
};
void print(const std::string& name, const Score& score);

/// What one instant looked like.
struct Instant {
    Image image;
    AllProgress progress;
};

/// A queue whose users execute one instruction at a time, one of them at once. Whenever an
/// instruction has changed a byte that others can see, everybody dies: in a copy, where a newcomer
/// recovers, twice (kOrders), and must find what the model allows.
class Observation {
  public:
    /// Of the stores that copy a large payload, all are examined, or every so many.
    enum class Copies : unsigned char { all, some };
    explicit Observation(const Scenario& scenario, Copies copies = Copies::all);

    /// Executes one instruction of actor 1, 2 ... False when it has completed its script; then
    /// nothing was executed. Throws: std::runtime_error when it ended by an error.
    bool step(std::size_t actor);
    /// The same without a look at the shared memory.
    bool step_blindly(std::size_t actor);
    /// Whether the last step has changed anything that others can see.
    [[nodiscard]] bool has_changed() const { return changed_; }
    [[nodiscard]] bool is_about_to_sleep(std::size_t actor) const;
    /// Steps until the actor has changed something `times` times. False when it completed before,
    /// or goes to sleep.
    bool step_to_change(std::size_t actor, unsigned times);

    /// Everybody dies, in a copy, now. Returns: what is wrong; empty when nothing is.
    [[nodiscard]] std::string verify();
    /// For a recovery of the queue itself, by what the actors have said: empty when `difference`
    /// returns nothing for one of the possible states, otherwise what it returns for them.
    [[nodiscard]] std::string explain(
        const std::function<std::string(const Model& model)>& difference);
    /// Without a recovery: takes what the actors say as it is.
    void trust();

    [[nodiscard]] Instant instant();
    [[nodiscard]] const Possible& possible() const { return possible_; }
    [[nodiscard]] const Score& score() const { return score_; }
    [[nodiscard]] Tracee& tracee(std::size_t actor) { return *actors_.at(actor - 1)->tracee; }
    [[nodiscard]] const ByteQueue& queue() const { return stage_.queue(); }
    [[nodiscard]] std::size_t actors() const { return actors_.size(); }
    /// For messages: where everybody is.
    [[nodiscard]] std::string where() const;

  private:
    struct Observed {
        testing::SharedNotes<ActorNotes> notes;
        std::unique_ptr<Tracee> tracee;
        std::uint64_t instructions = 0;
        std::uint64_t turns = 0;   // of string instructions
        std::uint64_t copied = 0;  // stores of copies
    };
    void enter(const Script& script);
    [[nodiscard]] AllProgress progress() const;
    [[nodiscard]] bool is_skipped(Observed& observed) const;
    [[nodiscard]] std::string check_commit(std::optional<unsigned> before,
                                           const std::array<unsigned, kActorsMax>& counts);
    [[nodiscard]] bool is_one_run(const std::array<unsigned, kActorsMax>& counts,
                                  unsigned changes) const;
    [[nodiscard]] std::string check_counts(const Findings& found) const;

    const Scenario& scenario_;
    Stage stage_;
    std::vector<std::unique_ptr<Observed>> actors_;
    Possible possible_;
    AllProgress last_progress_;
    const Copies copies_;
    bool changed_ = false;
    unsigned unverified_ = 0;  // changes of the image
    Score score_;
};

/// Recovers copies of the image, in each order.
[[nodiscard]] Findings recover_copies(const Image& image, QueueKind kind);

}  // namespace procession::instruction
