// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace procession::testing {

/// What a process of a scenario does to the queue.
enum class Verb : std::uint8_t {
    put,               // `count` items from `number` on, one call each
    put_many,          // the same in one call
    put_run,           // the same, all of them small
    put_loan,          // the same, made in place
    drop_loan,         // of `bytes`: changes nothing
    borrow,            // one item, looked at in place and let go at once
    put_undecodable,   // bytes that are no element
    get,               // one item; nothing when none is there
    get_many,          // up to `count`
    get_in_vain,       // one item, for which the process then has no memory
    done,              // the oldest in hand
    done_newest,       // the newest in hand
    task_done,         // the queue's verb for the oldest
    give_back,         // the oldest
    give_back_newest,  //
    reject,            // the oldest
    take_letters,      //
    look,              // asks for sizes: changes nothing
    wait_a_little,     // get() with a deadline on an empty queue
    join,              // with a deadline that has passed
    notice,            // looks for the dead
    shutdown,          //
    shutdown_now,      // with what is left dropped
    close,             //
};

struct Act {
    Verb verb;
    int number = 0;
    int count = 1;
    std::size_t bytes = 20;  // of each item
};
using Script = std::vector<Act>;

struct Delivery {
    int number = 0;
    std::uint32_t deliveries = 0;
    friend bool operator==(const Delivery&, const Delivery&) = default;
};

/// The queue as its documentation describes it, without shared memory, locks or time: the oracle of
/// the kill points.
///
/// The one thing that it knows of deaths: an act that was cut short has had none of its effects,
/// all of them, or those of its first parts (stages()). What a process held when it died comes back
/// by die().
class QueueModel {
  public:
    QueueModel(bool joinable, std::size_t maxsize, std::uint32_t max_deliveries)
        : joinable_(joinable), maxsize_(maxsize), max_deliveries_(max_deliveries) {}

    struct Counts {
        std::uint64_t put = 0;
        std::uint64_t taken = 0;
        std::uint64_t redelivered = 0;
        std::uint64_t finished = 0;
        std::uint64_t dead_lettered = 0;
        std::uint64_t lost_in_hand = 0;
        friend bool operator==(const Counts&, const Counts&) = default;
    };

    /// A process begins to take part; the last one added is the one that acts.
    void begin_life();
    /// All states in which a death during the act can leave the queue, the last one being that
    /// after the whole act.
    [[nodiscard]] std::vector<QueueModel> stages(const Act& act) const;
    void perform(const Act& act) { *this = stages(act).back(); }
    /// Has joined: from now on its death is one that others count.
    void join() { lives_.back().joined = true; }
    /// The acting process dies. What it held stays where it is until bury_all().
    void die() { lives_.back().dead = true; }
    /// Somebody notices all deaths.
    void bury_all();

    /// Takes and finishes all that waits, as a survivor does.
    std::vector<Delivery> drain();
    /// What the acting process's get() has returned so far.
    [[nodiscard]] const std::vector<Delivery>& got() const { return lives_.back().got; }

    [[nodiscard]] std::size_t waiting() const { return log_.size() + returned_.size(); }
    [[nodiscard]] const std::vector<Delivery>& letters() const { return letters_; }
    [[nodiscard]] const Counts& counts() const { return counts_; }
    [[nodiscard]] std::uint64_t deaths() const { return deaths_; }
    [[nodiscard]] std::uint64_t unfinished() const { return counts_.put - counts_.finished; }
    [[nodiscard]] bool is_shut_down() const { return shut_down_; }
    [[nodiscard]] bool drops_everything() const { return drops_everything_; }

  private:
    struct Item {
        std::uint64_t place = 0;  // in the order of the puts
        int number = 0;
        std::uint32_t deliveries = 0;
        bool undecodable = false;
    };
    struct Life {
        bool joined = false;
        bool left = false;
        bool dead = false;
        bool buried = false;
        bool one_is_letter = false;  // of what it held, since it died
        std::vector<Item> held;
        std::vector<Delivery> got;
    };

    void put(int number, bool undecodable);
    [[nodiscard]] bool pop(Item& item);
    [[nodiscard]] Life& self() { return lives_.back(); }
    void finish(std::size_t at);
    void write_letter(const Item& item);
    void come_back(Item item);
    void give_back(std::size_t at);
    void take_over_oldest(Life& life);
    void bury(Life& life);

    void stage_puts(const Act& act, std::vector<QueueModel>& stages) const;
    void stage_gets(int count, std::vector<QueueModel>& stages) const;
    void stage_undecodable_get(std::vector<QueueModel>& stages) const;
    void stage_get_in_vain(std::vector<QueueModel>& stages) const;
    void stage_letters(std::vector<QueueModel>& stages) const;
    void stage_drop(std::vector<QueueModel>& stages) const;
    void stage_notice(std::vector<QueueModel>& stages) const;
    [[nodiscard]] QueueModel after_held(const Act& act) const;

    bool joinable_;
    std::size_t maxsize_;
    std::uint32_t max_deliveries_;
    bool shut_down_ = false;
    bool drops_everything_ = false;
    std::vector<Item> log_;
    std::vector<Item> returned_;
    std::vector<Delivery> letters_;
    std::vector<Life> lives_;
    Counts counts_;
    std::uint64_t deaths_ = 0;
};

}  // namespace procession::testing
