// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "death/possible.h"
#include "death/stage.h"
#include "death/tracee.h"
#include "support/shared_notes.h"

namespace procession::death {

/// What a driver of single steps has seen.
struct Score {
    std::uint64_t instructions = 0;
    std::uint64_t states = 0;      // of the shared memory, or of what the actors had said
    std::uint64_t recoveries = 0;  // verified
    // For each kind of change, the stores that made it happen.
    std::map<std::string, std::set<std::string>> commits;

    Score& operator+=(const Score& other) {
        instructions += other.instructions;
        states += other.states;
        recoveries += other.recoveries;
        for (const auto& [change, stores] : other.commits) {
            commits[change].insert(stores.begin(), stores.end());
        }
        return *this;
    }
};
inline void print(const std::string& name, const Score& score) {
    std::printf("%s: %llu instructions, %llu states, %llu recoveries verified", name.c_str(),
                static_cast<unsigned long long>(score.instructions),
                static_cast<unsigned long long>(score.states),
                static_cast<unsigned long long>(score.recoveries));
    for (const auto& [change, stores] : score.commits) {
        std::printf("; %s by", change.c_str());
        for (const auto& store : stores) std::printf(" '%s'", store.c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
}

/// What was found by each of the orders of recovery (kOrders).
template <class Subject>
using Findings = std::array<typename Subject::Finding, std::size(kOrders)>;

/// Recovers copies of the image, in each order.
template <class Subject>
Findings<Subject> recover_copies(const Image& image) {
    Findings<Subject> found;
    for (const Order order : kOrders) {
        const auto copy = Subject::attach(file_with(image));
        found[static_cast<std::size_t>(order)] = Subject::recover(copy, order);
    }
    return found;
}
/// What is wrong with a recovery in each order, after every participant has died in this state.
template <class Model, class Found>
std::string difference_after_all_died(Model model, const Found& found) {
    model.die_all();
    for (const Order order : kOrders) {
        const auto wrong =
            difference(model.found_by_survivors(order), found[static_cast<std::size_t>(order)]);
        if (!wrong.empty()) return std::string("(") + name_of(order) + ") " + wrong;
    }
    return {};
}

/// The life of an actor that is a traced child: first undisturbed, then a stop (SIGSTOP) at which
/// an observer takes over, the observed part, and then no instruction of interest any more.
template <class Subject>
[[noreturn]] void live_traced(const typename Subject::Object& object,
                              const typename Subject::Script& before,
                              const typename Subject::Script& observed, Notes& notes) {
    try {
        typename Subject::Actor actor(object, notes);
        actor.perform(before);
        actor.prepare(observed);
        ::raise(SIGSTOP);
        actor.perform_prepared(observed);
        notes.completed.store(true);
        for (;;) ::pause();
    } catch (const std::exception& thrown) {
        notes.fail(thrown.what());
        ::_exit(1);
    }
}

/// The driver of single steps: an object whose users execute one instruction at a time, one of them
/// at once. Whenever an instruction has changed a byte that others can see, every process dies: in
/// a copy, where a newcomer recovers, twice (kOrders), and must find what the model allows.
template <class Subject>
class SingleSteps {
  public:
    using Script = typename Subject::Script;
    using Model = typename Subject::Model;

    /// Of the stores that copy a large payload, all are examined, or every so many.
    enum class Copies : unsigned char { all, some };
    explicit SingleSteps(const Scenario<Subject>& scenario, Copies copies = Copies::all)
        : stage_(scenario), possible_(stage_.model()), copies_(copies) {
        const Script first = scenario.is_newcomer ? Script() : Subject::join_in();
        enter(first + scenario.before, scenario.act);
        if (!scenario.other.empty()) {
            enter(Subject::join_in() + scenario.other_before, scenario.other);
        }
        stage_.view().refresh();
        update_progress();
        trust();
    }

    /// Executes one instruction of actor 1, 2 ... False when it has completed its script; then
    /// nothing was executed. Throws: std::runtime_error when it ended by an error.
    bool step(std::size_t actor) {
        if (!step_blindly(actor)) return false;
        Observed& observed = *actors_.at(actor - 1);
        changed_ = false;
        const std::uint64_t turns = copies_ == Copies::all ? kTurnsSkipped : kTurnsSkippedOfSome;
        if (observed.tracee->is_inside_an_instruction() && ++observed.turns % turns != 0) {
            return true;
        }
        changed_ = stage_.view().refresh() && !is_skipped(observed);
        if (changed_) ++unverified_;
        if (update_progress()) changed_ = true;
        return true;
    }
    /// The same without a look at the shared memory.
    bool step_blindly(std::size_t actor) {
        Observed& observed = *actors_.at(actor - 1);
        if (observed.notes->completed.load()) return false;
        if (!observed.tracee->step()) {
            throw std::runtime_error("actor " + std::to_string(actor) +
                                     " ended by itself: " + observed.notes->error);
        }
        ++observed.instructions;
        ++score_.instructions;
        return true;
    }
    /// Whether the last step has changed anything that others can see.
    [[nodiscard]] bool has_changed() const { return changed_; }
    [[nodiscard]] bool is_about_to_sleep(std::size_t actor) const {
        return actors_.at(actor - 1)->tracee->is_about_to_sleep();
    }
    /// Steps until the actor has changed something `times` times. False when it completed before,
    /// or goes to sleep.
    bool step_to_change(std::size_t actor, unsigned times) {
        while (times > 0) {
            if (is_about_to_sleep(actor) || !step(actor)) return false;
            if (changed_) --times;
        }
        return true;
    }

    /// Every process dies, in a copy, now. Returns: what is wrong; empty when nothing is.
    [[nodiscard]] std::string verify() {
        const auto happened = possible_.happened();
        const auto counts = change_counts();
        const auto found = recover_copies<Subject>(stage_.view().image());
        std::string wrong = possible_.narrow(
            [&](const Model& model) { return difference_after_all_died(model, found); });
        if (wrong.empty()) wrong = check_commit(happened, counts);
        ++score_.states;
        score_.recoveries += found.size();
        unverified_ = 0;
        return wrong.empty() ? wrong : wrong + "\n  " + where();
    }
    /// Without a recovery: takes what the actors say as it is.
    void trust() {
        possible_.narrow();
        unverified_ = 0;
    }
    /// For a recovery of the object itself, by what the actors have said: empty when `difference`
    /// returns nothing for one of the possible states, otherwise what it returns for them.
    template <class Difference>
    [[nodiscard]] std::string explain(Difference difference) {
        update_progress();
        return possible_.narrow(difference);
    }

    [[nodiscard]] const Image& image() const { return stage_.view().image(); }
    [[nodiscard]] const Possible<Model>& possible() const { return possible_; }
    [[nodiscard]] const Score& score() const { return score_; }
    [[nodiscard]] Tracee& tracee(std::size_t actor) { return *actors_.at(actor - 1)->tracee; }
    [[nodiscard]] const typename Subject::Object& object() const { return stage_.object(); }
    /// For messages: where every actor is.
    [[nodiscard]] std::string where() const {
        std::string text;
        for (std::size_t i = 0; i < actors_.size(); ++i) {
            const Observed& each = *actors_[i];
            text += "actor " + std::to_string(i + 1) + " after " +
                    std::to_string(each.instructions) + " instructions, " +
                    std::to_string(each.last.begun) + " calls begun, at " + each.tracee->place() +
                    "; ";
        }
        return text +
               "last store: " + show(stores_between(stage_.view().before(), stage_.view().image()));
    }

  private:
    // A copy by one string instruction stores a byte, or a word, each turn: so many are skipped.
    // Where only some copies are examined, so many stores into a block that no other process knows.
    static constexpr std::uint64_t kTurnsSkipped = 61;
    static constexpr std::uint64_t kTurnsSkippedOfSome = 1511;
    static constexpr std::uint64_t kStoresSkippedOfSome = 23;

    struct Observed {
        testing::SharedNotes<Notes> notes;
        std::unique_ptr<Tracee> tracee;
        Progress last;
        std::uint64_t instructions = 0;
        std::uint64_t turns = 0;   // of string instructions
        std::uint64_t copied = 0;  // stores of copies
    };

    void enter(const Script& before, const Script& observed) {
        auto fresh = std::make_unique<Observed>();
        Notes& notes = *fresh->notes;
        fresh->tracee = std::make_unique<Tracee>(
            [&] { live_traced<Subject>(stage_.object(), before, observed, notes); });
        possible_.add_actor(before + observed);
        actors_.push_back(std::move(fresh));
    }

    // Whether an actor has said more.
    bool update_progress() {
        bool changed = false;
        for (std::size_t i = 0; i < actors_.size(); ++i) {
            Observed& each = *actors_[i];
            const Notes& notes = *each.notes;
            const bool same = notes.begun.load() == each.last.begun &&
                              notes.said_count.load() == each.last.said.size();
            if (same) continue;
            each.last = notes.progress();
            possible_.set_progress(static_cast<int>(i) + 1, each.last);
            changed = true;
        }
        return changed;
    }

    bool is_skipped(Observed& observed) const {
        if (copies_ == Copies::all) return false;
        const SegmentView& view = stage_.view();
        const auto words = words_between(view.before(), view.image());
        if (words.empty()) return false;  // the file has grown
        const bool is_copy = name_of_word(view.image(), words.front()) == "block";
        return is_copy && ++observed.copied % kStoresSkippedOfSome != 0;
    }

    using Counts = std::vector<std::size_t>;
    [[nodiscard]] Counts change_counts() const {
        Counts counts;
        for (std::size_t actor = 0; actor <= actors_.size(); ++actor) {
            counts.push_back(possible_.model().changes(static_cast<int>(actor)).size());
        }
        return counts;
    }
    // Whether so many changes since `before` are those of one call that moves several items in one
    // step.
    [[nodiscard]] bool is_one_run(const Counts& before, unsigned changes) const {
        for (std::size_t actor = 1; actor <= actors_.size(); ++actor) {
            const auto& all = possible_.model().changes(static_cast<int>(actor));
            if (all.size() == before[actor]) continue;
            if (all.size() != before[actor] + changes) return false;
            for (std::size_t i = before[actor]; i < all.size(); ++i) {
                if (!all[i].is_in_run) return false;
            }
        }
        return true;
    }
    // Exactly one change, or one run of them, may happen by one instruction, by one store to the
    // place that is documented.
    [[nodiscard]] std::string check_commit(std::optional<unsigned> before, const Counts& counts) {
        const auto now = possible_.happened();
        if (!before || !now || *now == *before || unverified_ > 1) return {};
        if (*now != *before + 1 && !is_one_run(counts, *now - *before)) {
            return "one instruction has made two changes";
        }
        // What an actor says changes no word of the segment.
        const auto stores = unverified_ == 0
                                ? std::vector<Store>()
                                : stores_between(stage_.view().before(), stage_.view().image());
        for (std::size_t actor = 1; actor <= actors_.size(); ++actor) {
            const auto& all = possible_.model().changes(static_cast<int>(actor));
            if (all.size() == counts[actor]) continue;
            const auto change = all[counts[actor]].change;
            score_.commits[name_of(change)].insert(stores.empty() ? "none" : stores[0].name);
            if (stores.size() == 1 && Subject::commits(stores[0].name, change)) return {};
            return std::string(name_of(change)) + " is not committed by one store but by " +
                   show(stores);
        }
        return {};
    }

    Stage<Subject> stage_;
    std::vector<std::unique_ptr<Observed>> actors_;
    Possible<Model> possible_;
    const Copies copies_;
    bool changed_ = false;
    unsigned unverified_ = 0;  // changes of the image
    Score score_;
};

}  // namespace procession::death
