// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/observation.h"

#include <cstdio>
#include <stdexcept>

namespace procession::instruction {

namespace {

// A copy by one string instruction stores a byte, or a word, each turn: so many are skipped. Where
// only some copies are examined, so many stores into a block that nobody else knows.
constexpr std::uint64_t kTurnsSkipped = 61;
constexpr std::uint64_t kTurnsSkippedOfSome = 1511;
constexpr std::uint64_t kStoresSkippedOfSome = 23;

/// The store that makes a change happen, as ARCHITECTURE.md has it.
bool commits(const std::string& store, const Change& change) {
    switch (change.kind) {
        case Change::Kind::put: return store == "head of a record";
        // An item that was returned is taken by its lease.
        case Change::Kind::get: return store == "head position" || store == "lease";
        case Change::Kind::finish:
        case Change::Kind::give_back:
        case Change::Kind::reject: return store == "lease";
        case Change::Kind::shut_down:
        case Change::Kind::shut_down_now: return store == "shutdown";
    }
    return false;
}

}  // namespace

Score& Score::operator+=(const Score& other) {
    instructions += other.instructions;
    states += other.states;
    recoveries += other.recoveries;
    for (const auto& [change, stores] : other.commits) {
        commits[change].insert(stores.begin(), stores.end());
    }
    return *this;
}

void print(const std::string& name, const Score& score) {
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

Findings recover_copies(const Image& image, QueueKind kind) {
    Findings found;
    for (const Order order : kOrders) {
        const ByteQueue copy = resurrect(image, kind);
        found[static_cast<std::size_t>(order)] = recover(copy, order);
    }
    return found;
}

Observation::Observation(const Scenario& scenario, Copies copies)
    : scenario_(scenario), stage_(scenario), possible_(stage_.model()), copies_(copies) {
    for (const Script& script : scenario.actors) enter(script);
    stage_.view().refresh();
    last_progress_ = progress();
    trust();
}

void Observation::enter(const Script& script) {
    auto fresh = std::make_unique<Observed>();
    const int id = static_cast<int>(actors_.size()) + 1;
    ActorNotes& notes = *fresh->notes;
    fresh->tracee = std::make_unique<Tracee>([&] { live(stage_.queue(), id, script, notes); });
    auto changes = changes_of(script.before, id);
    for (const Change& change : changes_of(script.observed, id)) changes.push_back(change);
    possible_.expect(id, std::move(changes));
    actors_.push_back(std::move(fresh));
}

AllProgress Observation::progress() const {
    AllProgress all;
    for (std::size_t i = 0; i < actors_.size(); ++i) {
        all.at(i + 1) = Progress::of(*actors_[i]->notes);
    }
    return all;
}

Instant Observation::instant() { return {stage_.view().image(), last_progress_}; }

void Observation::trust() {
    possible_.narrow(last_progress_);
    unverified_ = 0;
}

std::string Observation::explain(const std::function<std::string(const Model& model)>& difference) {
    last_progress_ = progress();
    possible_.narrow(last_progress_);
    return possible_.explain(difference);
}

bool Observation::is_about_to_sleep(std::size_t actor) const {
    return actors_.at(actor - 1)->tracee->is_about_to_sleep();
}

bool Observation::is_skipped(Observed& observed) const {
    if (copies_ == Copies::all) return false;
    const SegmentView& view = stage_.view();
    const auto words = words_between(view.before(), view.image());
    if (words.empty()) return false;  // the file has grown
    const bool is_copy = name_of_word(view.image(), words.front()) == "block";
    return is_copy && ++observed.copied % kStoresSkippedOfSome != 0;
}

bool Observation::step_blindly(std::size_t actor) {
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

bool Observation::step(std::size_t actor) {
    if (!step_blindly(actor)) return false;
    Observed& observed = *actors_.at(actor - 1);
    changed_ = false;
    const std::uint64_t turns = copies_ == Copies::all ? kTurnsSkipped : kTurnsSkippedOfSome;
    if (observed.tracee->is_inside_an_instruction() && ++observed.turns % turns != 0) return true;
    changed_ = stage_.view().refresh() && !is_skipped(observed);
    if (changed_) ++unverified_;
    AllProgress now = progress();
    if (now != last_progress_) changed_ = true;
    last_progress_ = std::move(now);
    return true;
}

bool Observation::step_to_change(std::size_t actor, unsigned times) {
    while (times > 0) {
        if (is_about_to_sleep(actor) || !step(actor)) return false;
        if (changed_) --times;
    }
    return true;
}

std::string Observation::where() const {
    std::string text;
    for (std::size_t i = 0; i < actors_.size(); ++i) {
        text += "actor " + std::to_string(i + 1) + " after " +
                std::to_string(actors_[i]->instructions) + " instructions, " +
                std::to_string(last_progress_.at(i + 1).begun) + " changes begun and " +
                std::to_string(last_progress_.at(i + 1).done) + " done, at " +
                actors_[i]->tracee->place() + "; ";
    }
    return text +
           "last store: " + show(stores_between(stage_.view().before(), stage_.view().image()));
}

// Whether so many changes since `counts` are those of one call that moves several items in one
// step.
bool Observation::is_one_run(const std::array<unsigned, kActorsMax>& counts,
                             unsigned changes) const {
    for (std::size_t actor = 1; actor <= actors_.size(); ++actor) {
        const unsigned now = possible_.counts()[actor];
        if (now == counts[actor]) continue;
        if (now != counts[actor] + changes) return false;
        for (unsigned i = counts[actor]; i < now; ++i) {
            if (!possible_.change(static_cast<int>(actor), i).is_in_run) return false;
        }
    }
    return true;
}

// Exactly one change, or one run of them, may happen by one instruction, by one store to the place
// that is documented.
std::string Observation::check_commit(std::optional<unsigned> before,
                                      const std::array<unsigned, kActorsMax>& counts) {
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
        if (possible_.counts()[actor] == counts[actor]) continue;
        const Change& change = possible_.change(static_cast<int>(actor), counts[actor]);
        score_.commits[name_of(change.kind)].insert(stores.empty() ? "none" : stores[0].name);
        if (stores.size() == 1 && commits(stores[0].name, change)) return {};
        return std::string(name_of(change.kind)) + " is not committed by one store but by " +
               show(stores);
    }
    return {};
}

std::string Observation::check_counts(const Findings& found) const {
    std::uint64_t inside = 0;
    for (const Progress& each : last_progress_) inside += each.begun - each.done;
    const std::uint64_t participants = participants_in(stage_.view().image());
    for (const Recovered& recovered : found) {
        // Only in the hand of somebody who died inside of get() can an item get lost.
        if (recovered.lost_in_hand > (scenario_.kind == QueueKind::plain ? inside : 0)) {
            return "lost_in_hand is " + std::to_string(recovered.lost_in_hand);
        }
        if (recovered.deaths != participants) {
            return std::to_string(recovered.deaths) + " deaths were noticed, not " +
                   std::to_string(participants);
        }
    }
    return {};
}

std::string Observation::verify() {
    const auto happened = possible_.happened();
    const auto counts = possible_.counts();
    const Findings found = recover_copies(stage_.view().image(), scenario_.kind);
    std::string wrong = possible_.narrow(last_progress_, found);
    if (wrong.empty()) wrong = check_commit(happened, counts);
    if (wrong.empty()) wrong = check_counts(found);
    ++score_.states;
    score_.recoveries += found.size();
    unverified_ = 0;
    return wrong.empty() ? wrong : wrong + "\n  " + where();
}

}  // namespace procession::instruction
