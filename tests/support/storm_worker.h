// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "procession/joinable_queue.h"
#include "procession/queue.h"
#include "support/storm_ledger.h"
#include "support/sudden_death.h"

namespace procession::testing {

enum class StormRole : std::uint8_t { producer, consumer, joiner };

/// What the participants of a storm do, apart from dying.
struct StormHabits {
    StormSizes sizes = StormSizes::mixed;
    std::uint32_t threads = 1;            // in each producer and consumer
    std::uint32_t batch = 1;              // up to so many by put_many() and get_many()
    std::uint32_t give_back_percent = 0;  // of the leases, half of them by an exception
    std::uint32_t reject_percent = 0;
    std::uint32_t leave_permille = 0;  // of the gets: the consumer goes home with what it holds
    bool may_be_dropped = false;       // max_deliveries is small
    // Of the lives with one thread, where there are kill points: they end at some step inside of
    // an operation, where a kill from outside hardly ever strikes.
    std::uint32_t doomed_percent = 50;
};

template <class Q>
inline constexpr bool leases_items = false;
template <class T>
inline constexpr bool leases_items<JoinableQueue<T>> = true;

/// One thread that takes part, and notes in the ledger whatever it does.
template <class Q>
class StormThread {
  public:
    StormThread(const Q& queue, StormNotes& notes, const StormHabits& habits, std::uint32_t life,
                std::uint32_t thread, std::uint32_t seed)
        : queue_(queue),
          notes_(notes),
          habits_(habits),
          life_(life),
          source_(life * 64 + thread),
          random_(seed ^ (life * 0x9e3779b9U + thread)) {}

    void produce() {
        while (notes_.stop.load() == 0) {
            const std::uint32_t wanted = 1 + below(habits_.batch);
            const std::uint32_t first = notes_.next_item.fetch_add(wanted);
            if (first + wanted > StormNotes::kItemsMax) {
                std::this_thread::sleep_for(
                    std::chrono::milliseconds(1));  // the ledger is full: from here on only deaths
                continue;
            }
            for (std::uint32_t i = 0; i < wanted; ++i) know(first + i, kPutting);
            const std::uint32_t put = put_some(first, wanted);
            for (std::uint32_t i = 0; i < wanted; ++i) know(first + i, i < put ? kPut : kRefused);
        }
    }

    void consume() {
        for (;;) {
            const std::uint32_t most = 1 + below(habits_.batch);
            LifeNotes& life = notes_.lives[life_];
            life.taking.fetch_add(most);
            try {
                if (!take(most, life)) return;
            } catch (const ShutDown&) {
                return;
            }
        }
    }

    void join_again_and_again()
        requires leases_items<Q>
    {
        while (notes_.stop.load() == 0) {
            const std::vector<std::uint32_t> before = last_put();
            queue_.join();
            notes_.joined.fetch_add(1);
            const bool all = std::all_of(before.begin(), before.end(), [&](auto number) {
                return (notes_.items[number].facts.load() & (kEnding | kRejecting)) != 0;
            });
            if (!all && !habits_.may_be_dropped) notes_.joined_early.fetch_add(1);
            std::this_thread::sleep_for(
                std::chrono::milliseconds(1));  // an empty queue is joined at once
        }
    }

    /// `deliveries` as the lease says; 1 for an item of a plain queue.
    void see(const StormItem& item, std::uint32_t deliveries) {
        if (!is_whole(item, habits_.sizes)) {
            notes_.torn.fetch_add(1);
            if (item.number >= StormNotes::kItemsMax) return;
        }
        ItemNotes& known = notes_.items[item.number];
        const std::uint8_t facts = known.facts.fetch_or(kSeen);
        if ((facts & kPutting) == 0 || (facts & kRefused) != 0) notes_.invented.fetch_add(1);
        const std::uint32_t before =
            known.deliveries.exchange(static_cast<std::uint16_t>(deliveries));
        if ((facts & (kEnded | kLetter)) != 0 || before >= deliveries) {
            notes_.duplicated.fetch_add(1);
        }
        const std::uint32_t holder = known.holder.exchange(life_);
        if (deliveries > 1 && before + 1 == deliveries) note_recovery(holder);
        if (deliveries == 1) check_order(item);
    }

  private:
    [[nodiscard]] std::uint32_t below(std::uint32_t end) {
        return end <= 1 ? 0 : static_cast<std::uint32_t>(random_() % end);
    }
    [[nodiscard]] bool happens(std::uint32_t percent) { return below(100) < percent; }
    void know(std::uint32_t number, ItemFact fact) { notes_.items[number].facts.fetch_or(fact); }

    // Returns how many of the items are in the queue now.
    std::uint32_t put_some(std::uint32_t first, std::uint32_t count) {
        try {
            if (count > 1) {
                std::vector<StormItem> items;
                for (std::uint32_t i = 0; i < count; ++i) items.push_back(item(first + i));
                return static_cast<std::uint32_t>(queue_.put_many(items));
            }
            if (below(8) != 0) {
                queue_.put(item(first));
                return 1;
            }
            return queue_.try_put(item(first), std::chrono::milliseconds(2)).has_value() ? 1 : 0;
        } catch (const MemoryError&) {
            notes_.memory_errors.fetch_add(1);
            std::this_thread::sleep_for(std::chrono::milliseconds(1));  // the consumers' turn
            return 0;
        }
    }
    [[nodiscard]] StormItem item(std::uint32_t number) const {
        return make_item(number, source_, habits_.sizes);
    }

    // Returns false when this participant leaves.
    bool take(std::uint32_t most, LifeNotes& life) {
        if constexpr (leases_items<Q>) {
            std::vector<Lease<StormItem>> leases;
            if (most == 1) {
                leases.push_back(queue_.get());
            } else {
                leases = queue_.get_many(most);
            }
            for (auto& lease : leases) see(*lease, lease.deliveries());
            life.taking.fetch_sub(most);
            if (notes_.stop.load() == 0 && below(1000) < habits_.leave_permille) {
                life.left.store(1);
                return false;
            }
            end_all(leases);
        } else {
            const auto items =
                most == 1 ? std::vector<StormItem>{queue_.get()} : queue_.get_many(most);
            for (const StormItem& item : items) {
                see(item, 1);
                know(item.number, kEnding);
                know(item.number, kEnded);
            }
            life.taking.fetch_sub(most);
        }
        return true;
    }

    void end_all(std::vector<Lease<StormItem>>& leases) {
        const bool in_order = below(2) == 0;
        if (!in_order) std::shuffle(leases.begin(), leases.end(), random_);
        for (auto& lease : leases) {
            const std::uint32_t number = lease->number;
            if (happens(habits_.give_back_percent)) {
                give_back(lease);
            } else if (happens(habits_.reject_percent)) {
                know(number, kRejecting);
                lease.reject("by the storm");
            } else {
                know(number, kEnding);
                if (in_order && below(2) == 0) {
                    queue_.task_done();  // the oldest that this thread holds is this one
                } else {
                    lease.done();
                }
                know(number, kEnded);
            }
        }
    }
    void give_back(Lease<StormItem>& lease) {
        if (below(2) == 0) return lease.give_back();
        struct Failed {};
        try {
            const Lease<StormItem> inside = std::move(lease);
            throw Failed();
        } catch (const Failed&) {
            // The lease has seen the exception leave its scope.
        }
    }

    void note_recovery(std::uint32_t holder) {
        const std::int64_t killed_at = notes_.lives[holder].killed_at.load();
        const bool is_known = killed_at != 0 && notes_.lives[holder].doomed.load() == 0;
        if (is_known) notes_.recoveries.add(steady_now() - killed_at);
    }
    // What one producing thread has put comes in that order, where it comes for the first time.
    void check_order(const StormItem& item) {
        const auto [last, is_first] = last_of_.try_emplace(item.source, item.number);
        if (!is_first && last->second >= item.number) notes_.disordered.fetch_add(1);
        last->second = item.number;
    }
    // Items near the end whose put() has returned by now.
    [[nodiscard]] std::vector<std::uint32_t> last_put() const {
        const std::uint32_t end = std::min(notes_.next_item.load(), StormNotes::kItemsMax);
        std::vector<std::uint32_t> found;
        for (std::uint32_t number = end > 256 ? end - 256 : 0; number < end; ++number) {
            if ((notes_.items[number].facts.load() & kPut) != 0) found.push_back(number);
        }
        return found;
    }

    const Q& queue_;
    StormNotes& notes_;
    const StormHabits& habits_;
    const std::uint32_t life_;
    const std::uint32_t source_;
    std::mt19937 random_;
    std::unordered_map<std::uint32_t, std::uint32_t> last_of_;  // source -> number
};

/// What a child runs, under each start method.
template <class Q>
struct StormWorker {
    Q queue;
    std::string ledger;
    StormHabits habits;
    StormRole role = StormRole::producer;
    std::uint32_t life = 0;
    std::uint32_t seed = 0;

    void operator()() const {
        const StormLedger opened(ledger);
        opened->lives[life].at_work.store(1);
        // After the storm no worker is doomed.
        if (habits.threads == 1 && opened->stop.load() == 0) draw_lot(*opened);
        std::vector<std::thread> others;
        for (std::uint32_t thread = 1; thread < habits.threads; ++thread) {
            others.emplace_back([&, thread] { run(*opened, thread); });
        }
        run(*opened, 0);
        for (auto& other : others) other.join();
    }

  private:
    void draw_lot(StormNotes& notes) const {
        std::mt19937 random(seed + life);
        if (random() % 100 >= habits.doomed_percent) return;
        notes.lives[life].doomed.store(1);
        const auto steps_max = std::uint32_t{4} << random() % 12;
        die_at_step(1 + static_cast<std::uint32_t>(random() % steps_max));
    }
    void run(StormNotes& notes, std::uint32_t thread) const {
        StormThread<Q> self(queue, notes, habits, life, thread, seed);
        if (role == StormRole::producer) return self.produce();
        if (role == StormRole::consumer) return self.consume();
        if constexpr (leases_items<Q>) self.join_again_and_again();
    }
};

}  // namespace procession::testing
