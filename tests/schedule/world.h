// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ucontext.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "schedule/chooser.h"

namespace procession::schedule {

/// What the schedules of one exploration may contain.
struct Limits {
    int preemptions = -1;  // switches away from a participant that could go on; -1: any number
    int deaths = 0;
    int early = 0;  // slices of sleepers that end although another coroutine could go on
    unsigned first_death_every = 1;  // so many points; the later deaths: at each
};

/// One run of a few processes over shared memory, as coroutines of this one thread.
///
/// The library is compiled with -fsanitize=thread, but instead of that sanitizer's runtime it meets
/// ours (instrumentation.cc): each access to watched memory, each byte lock, futex wait and wake is
/// a point. At each point the world asks its Chooser which coroutine goes on, which process dies,
/// or which sleep ends.
///
/// Sleeping: a parked coroutine goes on when it is woken. Its slice ends only when no other
/// coroutine can go on (or early, so many times). When no process has died by then, a wake-up was
/// lost, and the run fails. The slices of one sleeper end at most once more often than those of
/// another one. Time stands still but for that.
/// Death: the coroutine is never continued, the kernel locks of its process are given up; nothing
/// else happens.
/// State: key() names the state of memory, locks and participants. A participant is the hash of all
/// that it has observed, which determines where it stands: its code is deterministic.
///
/// What is not explored: memory orders weaker than sequential consistency, and spinning (the world
/// has one processor).
class World {
  public:
    World(const Limits& limits, Chooser& chooser);
    /// Puts watched memory of space 0 back as it was.
    ~World();
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // Before the run.
    /// `space` names what is mapped: two mappings of one memory have the same. 0 is put back.
    void watch(void* base, std::size_t bytes, std::uint32_t space);
    int add_process();
    /// A coroutine, which starts after the one with number `after`, if any, has ended or died.
    void add(int process, std::function<void()> body, int after = kAtOnce);
    static constexpr int kAtOnce = -1;
    /// Instead of `after`: only when a process has died, and the rest sleeps for good.
    static constexpr int kWhenStuck = -2;
    /// What happens outside of coroutines is done by this process.
    void act_as(int process) noexcept { acting_ = process; }

    /// Runs what was added, until all have ended or died, or the run fails or is cut.
    void run();
    /// Whether the Chooser ended the run, or it failed: nothing can be said about its end.
    [[nodiscard]] bool is_cut() const noexcept { return cut_ || !failure_.empty(); }
    /// Runs `body` in a new process, without choices.
    void run_alone(int process, std::function<void()> body);

    void fail(const std::string& why);
    [[nodiscard]] const std::string& failure() const noexcept { return failure_; }
    /// What participants have done so far, as far as the verdict depends on it.
    void note(std::uint64_t what) noexcept;
    /// Says that all that the running participant has observed so far comes down to this.
    void settle(std::uint64_t local_state) noexcept;
    [[nodiscard]] std::uint64_t key() const noexcept;

    [[nodiscard]] unsigned deaths() const noexcept { return deaths_; }
    [[nodiscard]] unsigned late() const noexcept { return late_; }
    [[nodiscard]] std::uint64_t points() const noexcept { return points_; }
    [[nodiscard]] bool is_dead(int process) const;
    std::function<void(int process)> on_death;
    /// A coroutine goes on, or (-1) what is outside of them.
    std::function<void(int who)> on_switch;
    /// Loses the wake-up with this number, counted from 1: to see whether that is noticed.
    unsigned lose_wake = 0;
    /// For traces: names a place in space 0.
    std::function<std::string(std::uint64_t offset)> name_of;
    void trace(bool on) noexcept { tracing_ = on; }
    [[nodiscard]] const std::string& trace_text() const noexcept { return trace_; }

    // For the instrumentation.
    struct Place {
        std::uint64_t offset = 0;  // with the space in the upper bits
        bool is_watched = false;
    };
    static World* active() noexcept { return active_ != nullptr && !busy_ ? active_ : nullptr; }
    [[nodiscard]] Place locate(const volatile void* at) const noexcept;
    void point(const char* what, Place place);
    void observe(std::uint64_t value) noexcept;
    void changed(Place place, std::uint64_t before, std::uint64_t after);
    void changed_range(const volatile void* at, const std::byte* before, std::size_t bytes);
    /// A store by other means than an atomic: `at` is about to be written.
    void will_store(const volatile void* at, std::size_t bytes);
    void settle_store();
    bool futex_wait(const volatile void* word, Place place, std::uint32_t expected,
                    std::int64_t limit_ns);
    void futex_wake(const volatile void* word, Place place, int count);
    void yield();
    // A byte lock is held by a mapping of the description that was locked.
    void byte_locked(std::int64_t byte, int descriptor);
    void lock_kept(int descriptor, void* mapping);
    void lock_gone(void* mapping);
    /// The byte that this mapping of a living process keeps locked; or -1.
    [[nodiscard]] std::int64_t byte_kept_by(void* mapping) const noexcept;
    [[nodiscard]] std::int64_t now_ns() noexcept;
    void step(const char* name) noexcept;
    [[nodiscard]] bool is_in_coroutine() const noexcept { return current_ >= 0; }

  private:
    enum class Status : std::uint8_t { fresh, ready, parked, finished, dead };
    struct Coroutine {
        int process = 0;
        int after = kAtOnce;
        Status status = Status::fresh;
        bool timed_out = false;
        bool yields = false;  // until another coroutine has gone on
        unsigned late = 0;
        std::uint64_t observed = 0;
        const volatile void* parked_on = nullptr;
        std::uint64_t parked_at = 0;
        std::int64_t parked_until = 0;
        std::uint64_t parked_since = 0;
        std::function<void()> body;
        const char* step = "start";
        ucontext_t context{};
        void* exceptions[2] = {};
    };
    struct Option {
        enum Kind : std::uint8_t { run, kill, end_slice } kind;
        int who;
    };
    struct Region {
        std::byte* base;
        std::size_t bytes;
        std::uint32_t space;
    };
    struct ByteLock {
        std::int64_t byte;
        int process;
        void* mapping;
        bool given_up;
    };

    static void enter_coroutine();
    void reschedule();
    bool collect();
    void offer_runnable();
    bool offer_ends_of_slices(bool may_end);
    void call_the_rescuer();
    void offer_deaths();
    [[nodiscard]] bool can_die(int process) const;
    void kill(int process);
    void end_slice(int who);
    void go_to(int who);
    void leave_for_main();
    [[nodiscard]] bool is_ready(int who) const;
    [[nodiscard]] bool is_over(int who) const {
        return at(who).status == Status::finished || at(who).status == Status::dead;
    }
    Coroutine& at(int who) const { return *coroutines_[static_cast<std::size_t>(who)]; }
    [[nodiscard]] int acting_process() const {
        return current_ >= 0 ? at(current_).process : acting_;
    }
    void byte_changed(std::int64_t byte, int owner);
    std::byte* home(std::uint64_t offset) const;
    void tell(const std::string& line);

    static inline World* active_ = nullptr;
    static inline bool busy_ = false;

    const Limits limits_;
    Chooser& chooser_;
    bool exploring_ = false;
    bool cut_ = false;
    bool is_stuck_ = false;  // so that the rescuer may start
    bool tracing_ = false;
    int current_ = -1;
    int acting_ = -1;
    int preemptions_ = 0;
    int early_ = 0;
    unsigned deaths_ = 0;
    unsigned late_ = 0;
    unsigned wakes_ = 0;
    unsigned yields_in_vain_ = 0;
    std::uint64_t points_ = 0;
    std::uint64_t memory_ = 0;   // hash of how watched memory differs from its start
    std::uint64_t history_ = 0;  // hash of the notes
    std::int64_t now_ns_ = 1'000'000'000;
    std::vector<Region> regions_;
    std::vector<bool> is_dead_;  // by process
    std::vector<std::unique_ptr<Coroutine>> coroutines_;
    std::vector<Option> options_;
    struct Undo {
        std::uint64_t offset;
        std::uint64_t before;
    };
    std::vector<Undo> undo_;
    struct PendingStore {
        const volatile void* at = nullptr;
        std::size_t bytes = 0;
        std::byte before[64];
    } pending_;
    std::vector<ByteLock> locks_;
    std::vector<std::pair<std::int64_t, int>> byte_owners_;
    std::int64_t fresh_byte_ = -1;  // locked, and not yet kept by a mapping of
    int fresh_descriptor_ = -1;     // this descriptor
    std::string failure_;
    std::string trace_;
    ucontext_t main_{};
    void* main_exceptions_[2] = {};
};

}  // namespace procession::schedule
