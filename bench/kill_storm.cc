// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "kill_storm.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <exception>
#include <random>
#include <system_error>

#include "team.h"

namespace procession::bench {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::seconds;

constexpr std::size_t kProducers = 2;
constexpr std::size_t kEverybody = 4;
constexpr std::uint64_t kItemsMax = 8'000'000;
constexpr seconds kStuckAfter{1};
constexpr seconds kSomeStuckAfter{2};
constexpr unsigned kEverybodyPercent = 5;

enum Fact : std::uint8_t { kPutting = 1, kPut = 2, kEnding = 4, kEnded = 8 };

struct Slot {
    std::atomic<std::uint64_t> progress;  // operations that have returned
    std::atomic<std::uint32_t> taking;    // inside take(), or not done with what it gave
};

/// What the participants did, in memory beside the queue.
struct Ledger {
    std::atomic<std::uint64_t> next;
    std::atomic<std::uint32_t> stop;
    std::atomic<std::uint64_t> twice;
    std::atomic<std::uint64_t> torn;
    std::array<Slot, kEverybody> slots;
    std::array<std::atomic<std::uint8_t>, kItemsMax> facts;
};

void produce(KillContestant& queue, Ledger& ledger, Slot& self) {
    while (ledger.stop.load() == 0) {
        const std::uint64_t number = ledger.next.fetch_add(1);
        while (number >= kItemsMax) ::pause();  // out of numbers: others seem stuck, too
        ledger.facts[number].store(kPutting);
        queue.put(KillItem::numbered(number));
        ledger.facts[number].fetch_or(kPut);
        self.progress.fetch_add(1);
    }
}

void consume(KillContestant& queue, Ledger& ledger, Slot& self) {
    for (;;) {
        self.taking.store(1);
        const KillItem item = queue.take();
        const bool known =
            item.number() < kItemsMax && (ledger.facts[item.number()].load() & kPutting) != 0;
        if (!item.is_whole() || !known) {
            ledger.torn.fetch_add(1);
        } else {
            auto& facts = ledger.facts[item.number()];
            if ((facts.fetch_or(kEnding) & kEnded) != 0) ledger.twice.fetch_add(1);
            queue.finish();
            facts.fetch_or(kEnded);
        }
        self.taking.store(0);
        self.progress.fetch_add(1);
    }
}

class KillStorm {
  public:
    KillStorm(const KillEntry& entry, const KillStormPlan& plan)
        : entry_(entry), plan_(plan), random_(plan.seed), ledger_(1) {
        pids_.fill(-1);
    }
    KillStorm(const KillStorm&) = delete;
    KillStorm& operator=(const KillStorm&) = delete;
    ~KillStorm() { kill_all(); }

    KillScore run() {
        const auto started = Clock::now();
        const auto end = started + std::chrono::duration<double>(plan_.seconds_max);
        begin();
        while (score_.kills < plan_.kills && Clock::now() < end) {
            if (!everybody_goes_on()) {
                end_epoch(true);
                begin();
                continue;
            }
            pause_a_little();
            if (random_() % 100 < kEverybodyPercent) {
                for (std::size_t who = 0; who < kEverybody; ++who) strike(who);
                for (std::size_t who = 0; who < kEverybody; ++who) start(who);
            } else {
                const std::size_t who = random_() % kEverybody;
                strike(who);
                start(who);
            }
        }
        end_epoch(!everybody_goes_on() || !drains());
        score_.twice = ledger().twice.load();
        score_.torn = ledger().torn.load();
        score_.seconds = std::chrono::duration<double>(Clock::now() - started).count();
        return score_;
    }

  private:
    [[nodiscard]] Ledger& ledger() const { return ledger_[0]; }

    void begin() {
        queue_ = entry_.make();
        redelivers_ = queue_->redelivers();
        ledger().stop.store(0);
        first_ = std::min(ledger().next.load(), kItemsMax);
        in_hand_ = 0;
        for (std::size_t who = 0; who < kEverybody; ++who) start(who);
    }
    void start(std::size_t who) {
        Slot& self = ledger().slots[who];
        self.taking.store(0);
        std::fflush(nullptr);
        const pid_t parent = ::getpid();
        const pid_t pid = ::fork();
        if (pid < 0) throw std::system_error(errno, std::system_category(), "fork");
        if (pid != 0) {
            pids_[who] = pid;
            return;
        }
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent) ::_exit(0);
        try {
            who < kProducers ? produce(*queue_, ledger(), self) : consume(*queue_, ledger(), self);
        } catch (const std::exception&) {
            ::_exit(1);
        }
        ::_exit(0);
    }
    void strike(std::size_t who) {
        if (pids_[who] < 0) return;
        ::kill(pids_[who], SIGKILL);
        int status = 0;
        ::waitpid(pids_[who], &status, 0);
        pids_[who] = -1;
        ++score_.kills;
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL) ++score_.failed;
        if (!redelivers_) in_hand_ += ledger().slots[who].taking.load();
    }
    void kill_all() {
        for (pid_t& pid : pids_) {
            if (pid < 0) continue;
            ::kill(pid, SIGKILL);
            ::waitpid(pid, nullptr, 0);
            pid = -1;
        }
    }
    // Those that ended by themselves, while they were not asked to, are started again.
    void restart_failed() {
        for (std::size_t who = 0; who < kEverybody; ++who) {
            int status = 0;
            if (pids_[who] < 0 || ::waitpid(pids_[who], &status, WNOHANG) != pids_[who]) continue;
            pids_[who] = -1;
            if (ledger().stop.load() != 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
                continue;
            }
            ++score_.failed;
            if (!redelivers_) in_hand_ += ledger().slots[who].taking.load();
            start(who);
        }
    }

    static void nap() {
        const timespec span{0, 200'000};
        ::nanosleep(&span, nullptr);
    }
    void pause_a_little() {
        const timespec span{0, static_cast<long>(random_() % 2'000'000)};
        ::nanosleep(&span, nullptr);
    }
    using Progress = std::array<std::uint64_t, kEverybody>;
    [[nodiscard]] Progress progress() const {
        Progress now{};
        for (std::size_t who = 0; who < kEverybody; ++who) {
            now[who] = ledger().slots[who].progress.load();
        }
        return now;
    }
    // Waits until each of them has done something.
    [[nodiscard]] bool everybody_goes_on() {
        const Progress before = progress();
        Progress last = before;
        const auto begun = Clock::now();
        auto last_change = begun;
        for (;;) {
            const Progress now = progress();
            const auto time = Clock::now();
            bool all = true;
            for (std::size_t who = 0; who < kEverybody; ++who) all &= now[who] != before[who];
            if (all) return true;
            if (now != last) last_change = time;
            last = now;
            const bool all_stuck = time - last_change >= kStuckAfter;
            const bool some_stuck = time - begun >= kSomeStuckAfter;
            if (all_stuck || some_stuck) {
                ++(all_stuck ? score_.all_stuck : score_.some_stuck);
                if (score_.first_stuck == 0) {
                    score_.first_stuck = std::max<std::uint64_t>(1, score_.kills);
                }
                return false;
            }
            restart_failed();
            nap();
        }
    }
    // The producers end; the consumers get what is left. Returns false when one of them is stuck.
    [[nodiscard]] bool drains() {
        ledger().stop.store(1);
        Progress last = progress();
        auto last_change = Clock::now();
        for (;;) {
            restart_failed();
            const bool producers_ended = pids_[0] < 0 && pids_[1] < 0;
            if (producers_ended && unseen() == 0) return true;
            const Progress now = progress();
            if (now != last) last_change = Clock::now();
            last = now;
            if (Clock::now() - last_change >= kStuckAfter) {
                // What is missing is lost, not stuck, when the producers could finish.
                if (!producers_ended) ++score_.all_stuck;
                return producers_ended;
            }
            nap();
        }
    }
    [[nodiscard]] std::uint64_t unseen() const {
        std::uint64_t count = 0;
        const std::uint64_t end = std::min(ledger().next.load(), kItemsMax);
        for (std::uint64_t number = first_; number < end; ++number) {
            const std::uint8_t facts = ledger().facts[number].load();
            if ((facts & kPut) != 0 && (facts & kEnding) == 0) ++count;
        }
        return count;
    }
    void end_epoch(bool stuck) {
        kill_all();
        const std::uint64_t missing = unseen();
        const std::uint64_t explained = std::min(missing, in_hand_);
        score_.in_hand += explained;
        (stuck ? score_.stranded : score_.lost) += missing - explained;
        const std::uint64_t end = std::min(ledger().next.load(), kItemsMax);
        for (std::uint64_t number = first_; number < end; ++number) {
            if ((ledger().facts[number].load() & kPut) != 0) ++score_.committed;
        }
        queue_.reset();
    }

    const KillEntry& entry_;
    const KillStormPlan plan_;
    std::mt19937 random_;
    SharedArray<Ledger> ledger_;
    std::unique_ptr<KillContestant> queue_;
    bool redelivers_ = false;
    std::array<pid_t, kEverybody> pids_{};
    std::uint64_t first_ = 0;    // the first item of this queue
    std::uint64_t in_hand_ = 0;  // items that may be gone with consumers
    KillScore score_;
};

}  // namespace

KillScore run_kill_storm(const KillEntry& entry, const KillStormPlan& plan) {
    return KillStorm(entry, plan).run();
}

}  // namespace procession::bench
