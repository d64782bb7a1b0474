// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <ostream>
#include <string>
#include <thread>
#include <vector>

#include "os/child.h"
#include "os/signals.h"
#include "procession/procession.h"
#include "support/storm_worker.h"

namespace procession::testing {

using namespace detail;

struct StormPlan {
    const char* name = "";
    int producers = 2;
    int consumers = 2;
    int joiners = 0;
    int kills = 0;
    QueueOptions queue = {};
    StormHabits habits = {};
    StartMethod method = StartMethod::fork;
    unsigned everybody_percent = 5;  // of the blows: all die at once
    unsigned pause_us_max = 2000;    // between two blows
};
inline void PrintTo(const StormPlan& plan, std::ostream* out) { *out << plan.kills << " kills"; }

/// A random SIGKILL after the other among processes that share one queue. When it is over, each
/// item has one explanation, all counters agree, no memory is held, and the queue works on.
///
/// A hang has no verdict here: it is the watchdog's.
template <class Q>
class Storm {
  public:
    Storm(const StormPlan& plan, std::uint32_t seed)
        : plan_(plan), seed_(seed), random_(seed), queue_(plan.queue) {}
    // When a start failed, the others still work, and nothing else would tell them to stop.
    ~Storm() {
        for (auto* const some : {&everybody_, &unseen_}) {
            for (auto& each : *some) end(each);
        }
    }
    Storm(const Storm&) = delete;
    Storm& operator=(const Storm&) = delete;

    void run() {
        std::printf("%s: seed %u\n", plan_.name, seed_);
        std::fflush(stdout);  // there, should it hang
        SCOPED_TRACE(std::string(plan_.name) + ", PROCESSION_SEED=" + std::to_string(seed_));
        start_all();
        while (kills_ < plan_.kills && !::testing::Test::HasFailure()) blow();
        calm();
        check();
    }
    [[nodiscard]] int kills() const { return kills_; }

  private:
    struct Participant {
        StormRole role = StormRole::producer;
        std::uint32_t life = 0;
        Process process;
    };

    static void end(Participant& who) noexcept {
        try {
            who.process.kill();
        } catch (const std::exception&) {
            return;  // it was never started
        }
    }

    void start_all() {
        const auto add = [&](StormRole role, int count) {
            for (int i = 0; i < count; ++i) everybody_.emplace_back().role = role;
        };
        add(StormRole::producer, plan_.producers);
        add(StormRole::consumer, plan_.consumers);
        add(StormRole::joiner, plan_.joiners);
        for (auto& each : everybody_) start(each);
    }
    void start(Participant& who) {
        who.life = ++lives_;
        ASSERT_LT(lives_, StormNotes::kLivesMax);
        who.process = Process(
            plan_.method, ProcessOptions{},
            StormWorker<Q>{queue_, ledger_.place(), plan_.habits, who.role, who.life, seed_});
    }

    [[nodiscard]] unsigned below(unsigned end) { return static_cast<unsigned>(random_() % end); }
    void pause() {
        const unsigned microseconds = below(plan_.pause_us_max + 1);
        // A third of the blows falls while the last victim's successor is just starting.
        if (microseconds < plan_.pause_us_max / 3) return;
        std::this_thread::sleep_for(std::chrono::microseconds(microseconds));
    }
    void blow() {
        pause();
        if (below(100) < plan_.everybody_percent) {
            for (auto& each : everybody_) strike(each);
            for (auto& each : everybody_) put_aside(each);
            for (auto& each : everybody_) start(each);
        } else {
            Participant& victim = everybody_[below(static_cast<unsigned>(everybody_.size()))];
            // Where starts are slow, all would be killed before they do anything.
            if (below(4) != 0) await_start(victim);
            strike(victim);
            put_aside(victim);
            start(victim);
        }
        if constexpr (leases_items<Q>) take_letters();
    }
    // Returns also when it has died at a step of its own.
    void await_start(const Participant& who) const {
        while (ledger_->lives[who.life].at_work.load() == 0 && who.process.is_alive()) {
            std::this_thread::sleep_for(std::chrono::microseconds(100));
        }
    }
    void strike(Participant& who) {
        ledger_->lives[who.life].killed_at.store(steady_now());
        who.process.kill();
    }
    void put_aside(Participant& who) {
        unseen_.push_back(std::move(who));
        who.role = unseen_.back().role;
        // The parent's look at the dead makes it take over for them: half of the time the others
        // find out by themselves.
        while (unseen_.size() > 8 || (!unseen_.empty() && below(2) == 0)) {
            reclaim(unseen_.back());
            unseen_.pop_back();
        }
    }
    // After the kill: it was that, or a step of its own, or it had left before; nothing else.
    void reclaim(Participant& dead) {
        dead.process.join();
        const bool left = ledger_->lives[dead.life].left.load() != 0;
        EXPECT_TRUE(was_killed(dead) || (left && ends_by_itself(dead)));
    }
    bool was_killed(Participant& dead) {
        if (dead.process.exit_code() != -os::signal_kill) return false;
        ++kills_;
        if (ledger_->lives[dead.life].doomed.load() != 0) ++by_steps_;
        return true;
    }
    void reclaim_all() {
        for (auto& dead : unseen_) reclaim(dead);
        unseen_.clear();
    }

    // The producers stop, all that was committed is settled; then the idle consumers die, too.
    void calm() {
        ledger_->stop.store(1);
        Participant& last = everybody_.emplace_back();  // a consumer that does not leave
        last.role = StormRole::consumer;
        start(last);
        for (auto& each : everybody_) {
            if (each.role != StormRole::producer) continue;
            EXPECT_TRUE(ends_by_itself(each));
        }
        if constexpr (leases_items<Q>) {
            EXPECT_TRUE(queue_.join());
            take_letters();
            for (auto& each : everybody_) {
                if (each.role != StormRole::joiner) continue;
                EXPECT_TRUE(ends_by_itself(each));
            }
        }
        for (auto& each : everybody_) {
            if (each.role == StormRole::consumer) strike(each);
        }
        for (auto& each : everybody_) {
            if (each.role == StormRole::consumer) put_aside(each);
        }
        reclaim_all();
        queue_.bytes().notice_deaths();
        if constexpr (!leases_items<Q>) {
            StormThread<Q> self(queue_, *ledger_, plan_.habits, ++lives_, 0, seed_);
            while (auto item = queue_.try_get()) {
                self.see(*item, 1);
                ledger_->items[item->number].facts.fetch_or(kEnding | kEnded);
            }
        }
    }
    ::testing::AssertionResult ends_by_itself(Participant& who) {
        who.process.join();
        const int code = who.process.exit_code().value_or(-999);
        const auto why = who.process.exception();
        const bool was_doomed = ledger_->lives[who.life].doomed.load() != 0;
        if (code == 0 || (was_doomed && was_killed(who))) return ::testing::AssertionSuccess();
        return ::testing::AssertionFailure()
               << "exit code " << code << ": " << (why ? why->type + ": " + why->message : "");
    }

    void take_letters() {
        for (const DeadLetter& letter : queue_.take_dead_letters()) {
            ++letters_;
            const auto item = decode_message<StormItem>(letter.format, letter.bytes);
            if (!is_whole(item, plan_.habits.sizes)) {
                ledger_->torn.fetch_add(1);
                continue;
            }
            const std::uint8_t facts = ledger_->items[item.number].facts.fetch_or(kLetter);
            if ((facts & (kEnded | kLetter)) != 0) ledger_->duplicated.fetch_add(1);
            const bool by_consumer = letter.reason == "by the storm";
            const bool explained = by_consumer ? (facts & kRejecting) != 0
                                               : letter.deliveries == plan_.queue.max_deliveries;
            EXPECT_TRUE(explained) << letter.reason << ", delivered " << letter.deliveries;
        }
    }

    void check() {
        const StormScore score = score_of(*ledger_);
        const QueueStats stats = queue_.stats();
        print(score, stats);
        EXPECT_GE(kills_, plan_.kills);
        EXPECT_GT(score.committed, 0U);
        EXPECT_EQ(ledger_->torn.load(), 0U);
        EXPECT_EQ(ledger_->duplicated.load(), 0U);
        EXPECT_EQ(ledger_->invented.load(), 0U);
        EXPECT_EQ(ledger_->disordered.load(), 0U);
        EXPECT_EQ(ledger_->joined_early.load(), 0U);
        EXPECT_EQ(score.twice, 0U) << "finished, and a dead letter as well";
        if constexpr (leases_items<Q>) {
            EXPECT_EQ(score.lost, 0U);
            EXPECT_EQ(score.settled, stats.put) << "each item put is finished or a dead letter";
            EXPECT_EQ(stats.finished, stats.put);
            EXPECT_EQ(stats.dead_lettered, letters_);
            EXPECT_EQ(queue_.unfinished(), 0U);
        } else {
            EXPECT_LE(score.delivered, stats.put);
            EXPECT_LE(stats.put - score.delivered, score.in_hand)
                << "more is lost than was in dying hands";
            EXPECT_LE(stats.lost_in_hand, stats.put - score.delivered);
        }
        EXPECT_EQ(stats.taken, stats.put);
        EXPECT_EQ(stats.queued, 0U);
        EXPECT_EQ(stats.queued_bytes, 0U);
        EXPECT_EQ(queue_.qsize(), 0U);
        EXPECT_EQ(stats.participants, 1U);
        expect_usable();
    }
    // By newcomers; and nothing is held by the dead.
    void expect_usable() {
        const auto put = [this] {
            queue_.put(make_item(1, 0, StormSizes::small));
            queue_.put(make_item(2, 0, StormSizes::large));
        };
        const auto take = [this] {
            for (const std::uint32_t number : {1U, 2U}) {
                auto item = queue_.get();
                if constexpr (leases_items<Q>) {
                    if (item->number != number) throw SystemExit(3);
                    item.done();
                } else if (item.number != number) {
                    throw SystemExit(3);
                }
            }
        };
        if (os::can_fork) {
            Participant producer{StormRole::producer, 0, Process(fork, put)};
            Participant consumer{StormRole::consumer, 0, Process(fork, take)};
            EXPECT_TRUE(ends_by_itself(producer));
            EXPECT_TRUE(ends_by_itself(consumer));
        } else {
            put();
            take();
        }
        if constexpr (leases_items<Q>) queue_.join();
        EXPECT_TRUE(queue_.empty());
        EXPECT_EQ(queue_.stats().memory_bytes, 65536U) << "only the log's current chunk is held";
    }

    void print(const StormScore& score, const QueueStats& stats) const {
        const auto times = ledger_->recoveries.all();
        std::string recovery = "none seen";
        if (!times.empty()) {
            std::array<char, 96> text{};
            std::snprintf(text.data(), text.size(), "median %.2f ms, longest %.2f ms of %zu",
                          static_cast<double>(times[times.size() / 2]) / 1e6,
                          static_cast<double>(times.back()) / 1e6, times.size());
            recovery = text.data();
        }
        const std::uint64_t lost =
            leases_items<Q> ? score.lost : stats.put - stats.lost_in_hand - score.delivered;
        std::printf(
            "%s: %d kills (%d of the doomed), %u committed, %u delivered, %llu redelivered, %llu "
            "dead-lettered, "
            "%s %llu, %llu in hand, duplicated %u, torn %u, hung 0; recovery: %s; %u refused for "
            "memory, %u joins\n",
            plan_.name, kills_, by_steps_, score.committed, score.delivered,
            static_cast<unsigned long long>(stats.redelivered),
            static_cast<unsigned long long>(stats.dead_lettered),
            leases_items<Q> ? "lost" : "died with their consumer outside of get()",
            static_cast<unsigned long long>(lost),
            static_cast<unsigned long long>(stats.lost_in_hand), ledger_->duplicated.load(),
            ledger_->torn.load(), recovery.c_str(), ledger_->memory_errors.load(),
            ledger_->joined.load());
        std::fflush(stdout);
    }

    const StormPlan& plan_;
    const std::uint32_t seed_;
    std::mt19937 random_;
    Q queue_;
    StormLedger ledger_;
    std::vector<Participant> everybody_;
    std::vector<Participant> unseen_;  // dead, and this process has not looked
    std::uint32_t lives_ = 0;
    int kills_ = 0;
    int by_steps_ = 0;
    std::uint64_t letters_ = 0;
};

}  // namespace procession::testing
