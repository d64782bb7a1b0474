// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "schedule/world.h"

#include <cxxabi.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "base/step.h"
#include "schedule/kernel_locks.h"
#include "schedule/words.h"

namespace procession::schedule {

using namespace detail;

namespace {

constexpr std::size_t kStackBytes = std::size_t{256} << 10;
// WaitSlices that end because no coroutine can go on: a death costs each waiter one or two of them.
constexpr unsigned kLateMax = 8;

/// Stacks are used again by later runs: an abandoned coroutine needs its own no more.
std::byte* stack(std::size_t number) {
    static std::vector<std::byte*> stacks;
    while (stacks.size() <= number) {
        void* memory = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                              MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        if (memory == MAP_FAILED) throw std::runtime_error("no memory for a stack");
        stacks.push_back(static_cast<std::byte*>(memory));
    }
    return stacks[number];
}

/// The exceptions under way are per thread; here each coroutine has its own.
void swap_exceptions(void** out, void* const* in) noexcept {
    void* globals = abi::__cxa_get_globals();
    std::memcpy(out, globals, 2 * sizeof(void*));
    std::memcpy(globals, in, 2 * sizeof(void*));
}

}  // namespace

World::World(const Limits& limits, Chooser& chooser) : limits_(limits), chooser_(chooser) {
    active_ = this;
    base::step_hook.store([](const char* name) {
        if (World* world = active()) world->step(name);
    });
}

World::~World() {
    active_ = nullptr;
    base::step_hook.store(nullptr);
    for (const ByteLock& lock : locks_) forget_lock(lock.mapping);
    for (auto undo = undo_.rbegin(); undo != undo_.rend(); ++undo) {
        std::memcpy(home(undo->offset), &undo->before, sizeof undo->before);
    }
}

std::byte* World::home(std::uint64_t offset) const {
    for (const Region& region : regions_) {
        if (region.space == offset >> kOffsetBits) {
            return region.base + (offset & ((std::uint64_t{1} << kOffsetBits) - 1));
        }
    }
    std::terminate();
}

void World::watch(void* base, std::size_t bytes, std::uint32_t space) {
    regions_.push_back({static_cast<std::byte*>(base), bytes, space});
}

int World::add_process() {
    is_dead_.push_back(false);
    return static_cast<int>(is_dead_.size()) - 1;
}

void World::add(int process, std::function<void()> body, int after) {
    coroutines_.push_back(std::make_unique<Coroutine>());
    Coroutine& made = *coroutines_.back();
    made.process = process;
    made.after = after;
    made.body = std::move(body);
}

void World::run() {
    exploring_ = true;
    reschedule();
    exploring_ = false;
}

void World::run_alone(int process, std::function<void()> body) {
    if (is_cut()) return;
    add(process, std::move(body));
    reschedule();
}

bool World::is_dead(int process) const { return is_dead_[static_cast<std::size_t>(process)]; }

void World::fail(const std::string& why) {
    if (failure_.empty()) failure_ = why;
}

void World::note(std::uint64_t what) noexcept { history_ = mix(history_ ^ mix(what + 1)); }

void World::settle(std::uint64_t local_state) noexcept {
    settle_store();
    if (current_ >= 0) at(current_).observed = mix(local_state + 3);
}

std::uint64_t World::key() const noexcept {
    std::uint64_t key = memory_ ^ mix(history_);
    for (const auto& coroutine : coroutines_) {
        const auto status = static_cast<std::uint64_t>(coroutine->status);
        key = mix(key ^ coroutine->observed) + status * 2 + (coroutine->timed_out ? 1 : 0) +
              coroutine->late * 64;
        if (coroutine->status != Status::parked) continue;
        // The coroutine that has slept longest is woken first.
        const auto longer =
            std::count_if(coroutines_.begin(), coroutines_.end(), [&](const auto& other) {
                return other->status == Status::parked &&
                       other->parked_since < coroutine->parked_since;
            });
        key = mix(key ^ static_cast<std::uint64_t>(coroutine->parked_until)) +
              static_cast<std::uint64_t>(longer);
    }
    key = mix(key ^ static_cast<std::uint64_t>(now_ns_)) + deaths_ * 64 +
          static_cast<std::uint64_t>(early_);
    if (limits_.preemptions < 0) return key;
    // What may follow depends on these, too.
    return mix(key) + static_cast<std::uint64_t>(preemptions_) * 64 +
           static_cast<std::uint64_t>(current_ + 1);
}

// ---- which coroutine goes on -------------------------------------------------------------------

void World::enter_coroutine() {
    World& world = *active_;
    Coroutine& self = world.at(world.current_);
    busy_ = false;
    try {
        self.body();
    } catch (const std::exception& thrown) {
        world.fail(std::string("a participant threw: ") + thrown.what());
    }
    busy_ = true;
    self.status = Status::finished;
    self.observed = mix(self.observed + 1);
    busy_ = false;
    world.reschedule();
    std::terminate();  // never continued
}

bool World::is_ready(int who) const {
    const Coroutine& coroutine = at(who);
    if (coroutine.status == Status::ready) return true;
    if (coroutine.status != Status::fresh) return false;
    if (coroutine.after == kWhenStuck) return is_stuck_;
    return coroutine.after == kAtOnce || is_over(coroutine.after);
}

void World::offer_runnable() {
    const bool is_here = current_ >= 0 && is_ready(current_);
    const bool goes_on = is_here && !at(current_).yields;
    if (goes_on) options_.push_back({Option::run, current_});
    if (goes_on && limits_.preemptions >= 0 && preemptions_ >= limits_.preemptions) return;
    const int count = static_cast<int>(coroutines_.size());
    for (int who = 0; who < count; ++who) {
        if (who != current_ && is_ready(who)) options_.push_back({Option::run, who});
    }
    if (options_.empty() && is_here) options_.push_back({Option::run, current_});
}

bool World::can_die(int process) const {
    // A process that has not started or has ended is outside of the protocol: its death proves
    // nothing.
    return std::any_of(coroutines_.begin(), coroutines_.end(), [&](const auto& coroutine) {
        const bool inside =
            coroutine->status == Status::ready || coroutine->status == Status::parked;
        return coroutine->process == process && inside && coroutine->after != kWhenStuck;
    });
}

void World::offer_deaths() {
    if (static_cast<int>(deaths_) >= limits_.deaths) return;
    if (deaths_ == 0 && points_ % limits_.first_death_every != 0) return;
    for (int process = 0; process < static_cast<int>(is_dead_.size()); ++process) {
        if (can_die(process)) options_.push_back({Option::kill, process});
    }
}

// Returns whether a coroutine sleeps.
bool World::offer_ends_of_slices(bool may_end) {
    unsigned least = ~0U;
    for (const auto& coroutine : coroutines_) {
        if (coroutine->status == Status::parked) least = std::min(least, coroutine->late);
    }
    for (int who = 0; may_end && who < static_cast<int>(coroutines_.size()); ++who) {
        const bool in_turn = at(who).status == Status::parked && at(who).late <= least + 1;
        if (in_turn) options_.push_back({Option::end_slice, who});
    }
    return least != ~0U;
}

// After a death some may wait for what will not come any more: an item, a place, an end.
void World::call_the_rescuer() {
    for (int who = 0; who < static_cast<int>(coroutines_.size()); ++who) {
        const Coroutine& coroutine = at(who);
        if (coroutine.after != kWhenStuck || coroutine.status != Status::fresh) continue;
        is_stuck_ = true;
        late_ = 0;
        options_.assign(1, {Option::run, who});
        return;
    }
    fail("stuck: after a death, slices end and nothing gets better");
}

// The options at this point. False when no coroutine is left.
bool World::collect() {
    options_.clear();
    offer_runnable();
    const bool stuck = options_.empty();
    if (!stuck && exploring_) offer_deaths();
    const bool somebody_sleeps =
        offer_ends_of_slices(stuck || (exploring_ && early_ < limits_.early));
    if (!stuck) return true;
    if (!somebody_sleeps) return false;
    if (deaths_ == 0) {
        fail("a wake-up was lost: all sleep, and nobody has died");
        return false;
    }
    if (++late_ > kLateMax) call_the_rescuer();
    return failure_.empty();
}

void World::reschedule() {
    busy_ = true;
    for (;;) {
        if (!failure_.empty() || !collect()) break;
        std::size_t chosen = 0;
        if (options_.size() > 1 && exploring_) {
            const int choice = chooser_.choose(static_cast<int>(options_.size()), *this);
            if (choice < 0) {
                cut_ = true;
                break;
            }
            chosen = static_cast<std::size_t>(choice);
        }
        const Option option = options_[chosen];
        if (option.kind == Option::kill) {
            kill(option.who);
        } else if (option.kind == Option::end_slice) {
            end_slice(option.who);
        } else {
            const bool could_go_on = current_ >= 0 && is_ready(current_) && !at(current_).yields;
            if (could_go_on && option.who != current_) ++preemptions_;
            go_to(option.who);
            busy_ = false;
            return;
        }
    }
    leave_for_main();
    busy_ = false;
}

void World::kill(int number) {
    if (tracing_) tell("P" + std::to_string(number) + " dies");
    for (const auto& coroutine : coroutines_) {
        if (coroutine->process != number || coroutine->status == Status::finished) continue;
        coroutine->status = Status::dead;
        coroutine->observed = 0;
    }
    is_dead_[static_cast<std::size_t>(number)] = true;
    ++deaths_;
    for (ByteLock& lock : locks_) {
        if (lock.process != number) continue;
        lock.given_up = true;
        give_up_lock(lock.mapping);
    }
    if (on_death) on_death(number);
}

void World::end_slice(int who) {
    Coroutine& sleeper = at(who);
    for (int other = 0; other < static_cast<int>(coroutines_.size()); ++other) {
        if (!is_ready(other)) continue;
        ++early_;
        break;
    }
    if (tracing_) tell("P" + std::to_string(sleeper.process) + "'s slice ends");
    now_ns_ = std::max(now_ns_, sleeper.parked_until);
    sleeper.status = Status::ready;
    sleeper.timed_out = true;
    ++sleeper.late;
}

void World::go_to(int who) {
    if (who == current_) return;
    const int from = current_;
    Coroutine& next = at(who);
    current_ = who;
    if (tracing_) {
        tell("-- P" + std::to_string(next.process) + " goes on after " + next.step);
    }
    ucontext_t& here = from < 0 ? main_ : at(from).context;
    void** own = from < 0 ? main_exceptions_ : at(from).exceptions;
    if (next.status == Status::fresh) {
        next.status = Status::ready;
        ::getcontext(&next.context);
        next.context.uc_stack.ss_sp = stack(static_cast<std::size_t>(who));
        next.context.uc_stack.ss_size = kStackBytes;
        next.context.uc_link = nullptr;
        ::makecontext(&next.context, enter_coroutine, 0);
    }
    swap_exceptions(own, next.exceptions);
    if (on_switch) on_switch(who);
    ::swapcontext(&here, &next.context);
}

void World::leave_for_main() {
    if (current_ < 0) return;
    const int from = current_;
    current_ = -1;
    swap_exceptions(at(from).exceptions, main_exceptions_);
    if (on_switch) on_switch(-1);
    ::swapcontext(&at(from).context, &main_);
}

}  // namespace procession::schedule
