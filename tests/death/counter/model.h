// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "death/script.h"

namespace procession::death {

/// What a process of a script does to the counter.
enum class CounterVerb : std::uint8_t {
    join,    // becomes a participant
    take,    // a place
    give,    // a place back
    notice,  // looks for the dead
    look,    // at the free places: the answer is checked
    close,
    reclaim,  // `number` is the dead actor's; no call, but what another process's notice does
};
struct CounterAct {
    CounterVerb verb;
    bool waits = false;
    int number = 0;
};
using CounterScript = std::vector<CounterAct>;

/// How a call ends. none: no place was free, or none was held.
enum class CounterEnding : std::uint8_t { done, none };
inline Said counter_says(CounterEnding ending, std::uint64_t value = 0) {
    return {static_cast<std::int32_t>(value), Said::kCallEnds | static_cast<std::uint32_t>(ending)};
}

/// What survivors find in a counter after deaths; and what they must find.
struct CounterFinding {
    std::uint64_t free = 0;    // in the order drain_then_notice before any process looked
    std::uint64_t in_all = 0;  // after all deaths were noticed
    std::uint64_t deaths = 0;
    std::uint64_t given_back = 0;          // by the dead
    std::optional<std::string> problem{};  // anything that is wrong whatever should be found
};
inline std::string text_of(const CounterFinding& found) {
    return std::to_string(found.free) + " free, " + std::to_string(found.in_all) + " in all, " +
           std::to_string(found.deaths) + " deaths, " + std::to_string(found.given_back) +
           " given back by the dead";
}
inline std::string difference(const CounterFinding& wanted, const CounterFinding& found) {
    if (found.problem) return *found.problem;
    const std::string want = text_of(wanted);
    const std::string have = text_of(found);
    return want == have ? std::string() : "wanted " + want + "; found " + have;
}

/// The counter without shared memory, locks and time: each call is one change, but joining is one
/// of its own, and the places of a process that leaves or died come back one by one.
class CounterModel {
  public:
    using Act = CounterAct;
    enum class Change : std::uint8_t { join_in, take, wait_and_take, give, look, reclaim, leave };
    struct Happened {
        Change change;
        bool is_in_run = false;
        friend bool operator==(const Happened&, const Happened&) = default;
    };

    /// crowded: a newcomer reclaims what its slot's last owner left before it joins.
    CounterModel(std::uint64_t places, bool crowded) : free_(places), crowded_(crowded) {}

    [[nodiscard]] static std::string text_of(const Act& act) {
        constexpr const char* names[] = {"join", "take",  "give",   "notice",
                                         "look", "close", "reclaim"};
        return std::string(names[static_cast<std::size_t>(act.verb)]) +
               (act.waits ? ", waits" : "");
    }
    [[nodiscard]] static std::string text_of(Said said) {
        return said == counter_says(CounterEnding::none) ? "none" : std::to_string(said.value);
    }

    int add_actor() {
        actors_.emplace_back();
        return static_cast<int>(actors_.size()) - 1;
    }
    /// A process is one actor here.
    [[noreturn]] static int add_thread_of(int /*actor*/) { throw std::logic_error("no threads"); }
    [[nodiscard]] static Act reclaim_of(int actor) {
        return {.verb = CounterVerb::reclaim, .number = actor};
    }
    [[nodiscard]] std::size_t actors() const { return actors_.size(); }
    [[nodiscard]] bool is_idle(int actor) const { return at(actor).pending.empty(); }
    [[nodiscard]] const std::vector<Said>& said(int actor) const { return at(actor).said; }
    [[nodiscard]] const std::vector<Happened>& changes(int actor) const { return at(actor).trail; }
    void forget(int actor) { at(actor).said.clear(), at(actor).trail.clear(); }

    void begin(int actor, const Act& act) {
        Actor& self = at(actor);
        self.pending.push_back(change_of(act));
        self.reclaims = act.verb == CounterVerb::reclaim ? act.number : kAny;
        const bool joins = act.verb < CounterVerb::look;
        if (self.joined || !joins) return;
        if (act.verb != CounterVerb::join) self.pending.push_back(Change::join_in);
        if (crowded_) self.pending.push_back(Change::reclaim);
    }
    /// The states after the next change of the call under way; none when it has to wait.
    [[nodiscard]] std::vector<CounterModel> next(int actor) const {
        std::vector<CounterModel> all;
        if (is_idle(actor) || at(actor).dead) return all;
        CounterModel after = *this;
        const Change change = after.at(actor).pending.back();
        after.at(actor).pending.pop_back();
        if (change == Change::wait_and_take && free_ == 0) return all;
        if (change == Change::reclaim) {
            const int only = at(actor).reclaims;
            if (only != kAny && !at(only).dead) after.die(only);
            after.reclaim_any(actor, all);
        }
        if (all.empty()) {
            after.apply(after.at(actor), change);
            all.push_back(std::move(after));
        }
        return all;
    }
    void perform(int actor, const Act& act) {
        begin(actor, act);
        while (!is_idle(actor)) *this = CounterModel(next(actor).at(0));
    }

    void die(int actor) {
        Actor& self = at(actor);
        self.dead = true;
        self.held_at_death = self.held;
        self.pending.clear();
    }
    void die_all() {
        for (std::size_t actor = 0; actor < actors_.size(); ++actor) {
            const Actor& each = actors_[actor];
            if (!each.left && !each.dead) die(static_cast<int>(actor));
        }
    }
    [[nodiscard]] CounterFinding found_by_survivors(Order order) const {
        CounterModel after = *this;
        CounterFinding found;
        if (order == Order::notice_then_drain) after.reclaim_all();
        found.free = after.free_;
        after.reclaim_all();
        found.in_all = after.free_;
        found.deaths = after.deaths_;
        found.given_back = after.given_back_;
        return found;
    }

    friend bool operator==(const CounterModel&, const CounterModel&) = default;

  private:
    static constexpr int kAny = -1;
    /// A process.
    struct Actor {
        bool joined = false;
        bool left = false;
        bool dead = false;
        bool reclaimed = false;
        int reclaims = kAny;
        std::uint64_t held = 0;
        std::uint64_t held_at_death = 0;
        std::vector<Change> pending{};  // the next one last
        std::vector<Said> said{};
        std::vector<Happened> trail{};
        friend bool operator==(const Actor&, const Actor&) = default;
    };

    [[nodiscard]] const Actor& at(int actor) const {
        return actors_[static_cast<std::size_t>(actor)];
    }
    [[nodiscard]] Actor& at(int actor) { return actors_[static_cast<std::size_t>(actor)]; }
    static Change change_of(const Act& act) {
        switch (act.verb) {
            case CounterVerb::join: return Change::join_in;
            case CounterVerb::take: return act.waits ? Change::wait_and_take : Change::take;
            case CounterVerb::give: return Change::give;
            case CounterVerb::reclaim:
            case CounterVerb::notice: return Change::reclaim;
            case CounterVerb::look: return Change::look;
            case CounterVerb::close: return Change::leave;
        }
        throw std::logic_error("no verb of the counter");
    }

    void apply(Actor& self, Change change) {
        CounterEnding ending = CounterEnding::done;
        std::uint64_t value = 0;
        const bool has_none = takes(change) ? free_ == 0 : self.held == 0;
        switch (change) {
            case Change::join_in: self.joined = true; break;
            case Change::take:
            case Change::wait_and_take:
            case Change::give:
                if (has_none) {
                    ending = CounterEnding::none;
                } else {
                    move(self, change);
                }
                break;
            case Change::look: value = free_; break;
            case Change::reclaim: break;  // none is left
            case Change::leave:
                if (!has_none) {
                    move(self, Change::give);
                    self.pending.push_back(change);
                } else {
                    self.left = true;
                }
                break;
        }
        if (self.pending.empty()) self.said.push_back(counter_says(ending, value));
    }
    static bool takes(Change change) {
        return change == Change::take || change == Change::wait_and_take;
    }
    void move(Actor& self, Change change) {
        if (takes(change)) {
            --free_, ++self.held;
        } else {
            ++free_, --self.held;
        }
        self.trail.push_back({change});
    }

    // One step of taking over from each that is to be reclaimed: which comes first is the table's
    // affair.
    void reclaim_any(int actor, std::vector<CounterModel>& all) const {
        for (std::size_t dead = 0; dead < actors_.size(); ++dead) {
            const int only = at(actor).reclaims;
            if (only != kAny && only != static_cast<int>(dead)) continue;
            if (!actors_[dead].dead || actors_[dead].reclaimed) continue;
            CounterModel& after = all.emplace_back(*this);
            after.at(actor).pending.push_back(Change::reclaim);
            after.at(actor).trail.push_back({Change::reclaim});
            after.reclaim(after.actors_[dead]);
        }
    }
    void reclaim(Actor& dead) {
        if (dead.held != 0) {
            --dead.held;
            ++free_;
            return;
        }
        dead.reclaimed = true;
        if (!dead.joined || dead.left) return;
        ++deaths_;
        given_back_ += dead.held_at_death;
    }
    void reclaim_all() {
        for (Actor& actor : actors_) {
            while (actor.dead && !actor.reclaimed) reclaim(actor);
        }
    }

    std::vector<Actor> actors_;
    std::uint64_t free_;
    bool crowded_;
    std::uint64_t deaths_ = 0;
    std::uint64_t given_back_ = 0;  // by the dead
};

inline const char* name_of(CounterModel::Change change) {
    constexpr const char* names[] = {"join", "take", "take", "give", "look", "reclaim", "leave"};
    return names[static_cast<std::size_t>(change)];
}

}  // namespace procession::death
