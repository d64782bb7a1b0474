// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "procession/deadline.h"
#include "procession/message.h"
#include "schedule/history.h"
#include "schedule/world.h"

namespace procession::queue {
class SharedQueue;
}

namespace procession::schedule {

/// A participant in a script: makes calls on the queue and writes them into the history.
class Participant {
  public:
    Participant(queue::SharedQueue& queue, History& history, World& world, int process,
                std::size_t item_bytes);

    void put(int item);
    void put(int item, std::size_t bytes);
    /// Of an item for which the memory limit leaves no room.
    void put_in_vain();
    /// Waits for an item.
    Ending get();
    Ending get_nowait();
    Ending get_within(std::chrono::microseconds limit);
    /// Of the item that was got last.
    void finish();
    void give_back();
    void reject();
    void join();
    void shut_down(bool immediate = false);
    void size();
    void unfinished();
    void notice_deaths();
    void look_at_participants();
    /// Takes and finishes all that is there.
    void drain();
    /// Fails the run when there is an item.
    void expect_empty();
    /// Gives back what is held, and leaves the queue.
    void close();
    /// Acts; that the queue was closed under its feet is no failure.
    void until_closed(const std::function<void()>& act);

  private:
    struct Held {
        int item;
        Ticket ticket;
    };
    Ending get_until(Deadline deadline, Ending without_item = Ending::empty);
    template <class Act>
    Ending call(Verb verb, int value, Act act);
    template <class Act>
    void end_of_newest(Verb verb, Act act);

    queue::SharedQueue& queue_;
    History& history_;
    World& world_;
    const int process_;
    const std::size_t item_bytes_;
    std::vector<Held> held_;  // the newest last
    unsigned calls_ = 0;
};

using Script = std::function<void(Participant&)>;

/// A small story: a queue, what is in it, and who does what at the same time.
struct QueueCase {
    bool joinable = true;
    std::size_t maxsize = 0;
    std::size_t max_bytes = 0;
    std::size_t item_bytes = 8;
    unsigned max_deliveries = 16;
    int filling = 0;  // bytes put and taken before, to bring the log near the end of a chunk
    std::vector<int> items_before;
    Script before;  // by a participant that then leaves
    std::vector<Script> scripts;
    std::vector<Script> first_acts;  // of the same participants, one after the other, before
    /// Comes when somebody has died and the others wait for what the dead one owes them.
    Script rescue;
    /// So many scripts run first, one after the other, each until it ends or dies.
    int alone = 0;
    /// These scripts' participants join during the run.
    std::vector<int> newcomers;
    /// An immediate shutdown drops items: no order is checked.
    bool drops = false;
    /// Two scripts are threads of one process.
    bool one_process = false;

    // For tests of the explorer itself.
    /// Shown the history of each run that came to its end.
    std::function<void(const History&)> at_end;
    bool remembers_states = true;
    /// The wake-up with this number, counted from 1, is lost.
    unsigned lose_wake = 0;
};

/// Explores the case until something goes wrong. Returns what, or nothing; prints nothing.
[[nodiscard]] std::string find_failure(const QueueCase& story, const Limits& limits);

/// Explores the case; fails the current test, with the interleaving, where a promise is broken.
/// Prints what was explored.
void explore(const std::string& name, const QueueCase& story, const Limits& limits);
/// `runs` random ones.
void explore_at_random(const std::string& name, const QueueCase& story, const Limits& limits,
                       std::uint64_t seed, unsigned runs);

}  // namespace procession::schedule
