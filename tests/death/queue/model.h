// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "death/queue/act.h"
#include "death/queue/finding.h"

namespace procession::death {

struct QueueLimits {
    bool joinable = true;
    std::size_t maxsize = 0;
    std::uint64_t max_bytes = 0;
    std::uint32_t max_deliveries = 16;
    bool crowded = false;  // a newcomer repairs what its slot's last owner left before it joins
    friend bool operator==(const QueueLimits&, const QueueLimits&) = default;
};

/// The queue as its documentation describes it, without shared memory, locks or time: the oracle of
/// all drivers.
///
/// A call is a series of changes, each of which happens as a whole: a death can leave the state
/// between any two of them. The items that a process held when it died come back when some process
/// reclaims them.
class QueueModel {
  public:
    using Act = death::Act;

    /// What must happen as a whole, or not at all.
    enum class Change : std::uint8_t {
        join_in,
        put,
        put_undecodable,
        get,
        get_more,
        get_again,
        letter,
        count_down,
        come_back,
        finish,
        give_back,
        reject,
        take_letter,
        look,
        size,
        unfinished,
        join,
        reclaim,
        reclaim_one,
        shut_down,
        shut_down_now,
        drop,
        drop_held,
        leave,
    };
    struct Happened {
        Change change;
        bool is_in_run = false;  // may happen together with its neighbours
        friend bool operator==(const Happened&, const Happened&) = default;
    };

    explicit QueueModel(const QueueLimits& limits) : limits_(limits) {}

    [[nodiscard]] static std::string text_of(const Act& act) { return death::text_of(act); }
    [[nodiscard]] static std::string text_of(Said said) { return death::text_of(said); }

    /// Which has not joined yet; a thread is one more actor of an older one's process.
    int add_actor();
    int add_thread_of(int actor);
    [[nodiscard]] std::size_t actors() const { return actors_.size(); }
    void begin(int actor, const Act& act);
    [[nodiscard]] bool is_idle(int actor) const { return at(actor).pending.empty(); }
    /// The states after the next change of the call under way; none when it has to wait.
    [[nodiscard]] std::vector<QueueModel> next(int actor) const;
    [[nodiscard]] const std::vector<Said>& said(int actor) const { return at(actor).said; }
    [[nodiscard]] const std::vector<Happened>& changes(int actor) const { return at(actor).trail; }
    void die(int actor);
    /// By which some process, sooner or later, takes note of a death.
    [[nodiscard]] static Act reclaim_of(int actor) {
        return {.verb = Verb::reclaim, .number = actor};
    }
    void forget(int actor) { at(actor).said.clear(), at(actor).trail.clear(); }

    /// The whole call; the model knows of one way only. Throws: std::logic_error when it waits.
    void perform(int actor, const Act& act);
    /// Each process that has not left dies.
    void die_all();
    /// Some process notices all deaths.
    void reclaim_all();
    /// Takes and finishes all that waits, as a survivor does.
    std::vector<Delivery> drain();
    /// What survivors find now, once everything has happened that happens.
    [[nodiscard]] Finding found_by_survivors(Order order) const;

    [[nodiscard]] bool is_shut_down() const { return shut_ != Shut::no; }
    [[nodiscard]] std::size_t in_hand(int actor) const { return life_of(actor).held.size(); }

    friend bool operator==(const QueueModel&, const QueueModel&) = default;

  private:
    struct Item {
        std::uint64_t place = 0;  // in the order of the puts
        int number = 0;
        std::uint32_t deliveries = 0;
        std::uint64_t bytes = 0;
        bool undecodable = false;
        friend bool operator==(const Item&, const Item&) = default;
    };
    /// A process.
    struct Life {
        bool joined = false;
        bool left = false;
        bool dead = false;
        bool reclaimed = false;
        bool one_is_letter = false;  // of what it held, since it died
        unsigned threads = 1;
        std::vector<Item> held;
        friend bool operator==(const Life&, const Life&) = default;
    };
    struct Step {
        Change change;
        int number = 0;
        int pick = 0;
        std::uint64_t bytes = 0;
        bool is_in_run = false;
        Patience patience = Patience::none;
        friend bool operator==(const Step&, const Step&) = default;
    };
    /// A thread.
    struct Actor {
        std::size_t life = 0;
        std::vector<Step> pending;  // the next one last
        unsigned calls_ended = 0;
        unsigned in_flight = 0;  // items of a plain queue that its call has taken so far
        std::vector<Said> said;
        std::vector<Happened> trail;
        friend bool operator==(const Actor&, const Actor&) = default;
    };
    using Models = std::vector<QueueModel>;

    [[nodiscard]] const Actor& at(int actor) const {
        return actors_[static_cast<std::size_t>(actor)];
    }
    [[nodiscard]] Actor& at(int actor) { return actors_[static_cast<std::size_t>(actor)]; }
    [[nodiscard]] const Life& life_of(int actor) const { return lives_[at(actor).life]; }
    [[nodiscard]] Life& life_of(int actor) { return lives_[at(actor).life]; }

    void add_puts(Actor& self, const Act& act);
    void add_rest(Actor& self, const Act& act);

    // One change each, of a copy. Empty: it waits.
    [[nodiscard]] bool apply(int actor, const Step& step, Models& others);
    [[nodiscard]] bool apply_put(Actor& self, const Step& step);
    [[nodiscard]] bool apply_get(Actor& self, const Step& step, Models& others);
    void apply_to_held(Actor& self, const Step& step);
    [[nodiscard]] bool apply_question(Actor& self, const Step& step);
    void take_some_letter(int actor, const Step& step, Models& others) const;
    void apply_notice(Actor& self, const Step& step);
    void apply_reclaim(Actor& self, std::size_t life, const Step& again);
    void apply_shut_down(Actor& self, const Step& step);
    void apply_drop(Actor& self, const Step& step);
    void apply_leave(Actor& self, const Step& step);
    void end_call(Actor& self, Ending ending, int value = 0);

    [[nodiscard]] bool has_room(std::uint64_t bytes) const;
    [[nodiscard]] std::size_t waiting() const { return log_.size() + returned_.size(); }
    [[nodiscard]] bool pop(Item& item);
    void write_letter(const Item& item);
    void come_back(Item item);
    void take_over_oldest(Life& life);

    QueueLimits limits_;
    Shut shut_ = Shut::no;
    std::vector<Item> log_;
    std::vector<Item> returned_;
    std::vector<Delivery> letters_;
    std::vector<Life> lives_;
    std::vector<Actor> actors_;
    std::uint64_t put_ = 0;
    std::uint64_t taken_ = 0;
    std::uint64_t redelivered_ = 0;
    std::uint64_t finished_ = 0;
    std::uint64_t dead_lettered_ = 0;
    std::uint64_t lost_at_most_ = 0;
    std::uint64_t deaths_ = 0;
};

[[nodiscard]] const char* name_of(QueueModel::Change change);

}  // namespace procession::death
