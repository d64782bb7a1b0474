// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What the instrumentation reports to the world: accesses, sleep, byte locks, time.
#include <algorithm>
#include <cstring>
#include <exception>

#include "schedule/words.h"
#include "schedule/world.h"

namespace procession::schedule {

World::Place World::locate(const volatile void* at) const noexcept {
    const auto* address = static_cast<const volatile std::byte*>(at);
    for (const Region& region : regions_) {
        if (address < region.base || address >= region.base + region.bytes) continue;
        const auto inside = static_cast<std::uint64_t>(address - region.base);
        return {inside | (std::uint64_t{region.space} << kOffsetBits), true};
    }
    return {};
}

void World::point(const char* what, Place place) {
    settle_store();
    if (current_ < 0) return;
    ++points_;
    yields_in_vain_ = 0;
    reschedule();
    Coroutine& self = at(current_);
    self.observed = mix(self.observed + 1);
    if (tracing_) {
        const std::string name = name_of && place.offset >> kOffsetBits == 0
                                     ? name_of(place.offset)
                                     : "local+" + std::to_string(place.offset & 0xffff);
        tell("P" + std::to_string(self.process) + "   " + what + " " + name);
    }
}

void World::observe(std::uint64_t value) noexcept {
    if (current_ < 0) return;
    Coroutine& self = at(current_);
    self.observed = mix(self.observed ^ mix(value + 7));
}

void World::changed(Place place, std::uint64_t before, std::uint64_t after) {
    if (before == after) return;
    if (place.offset >> kOffsetBits == 0) undo_.push_back({place.offset, before});
    memory_ ^= hash_of_word(place.offset, before) ^ hash_of_word(place.offset, after);
}

void World::changed_range(const volatile void* at, const std::byte* before, std::size_t bytes) {
    const Place place = locate(at);
    const auto* now = const_cast<const std::byte*>(static_cast<const volatile std::byte*>(at));
    for (std::size_t i = 0; i < bytes; i += 8) {
        changed({place.offset + i, true}, read_word(before + i), read_word(now + i));
    }
}

void World::will_store(const volatile void* at, std::size_t bytes) {
    settle_store();
    const auto start = reinterpret_cast<std::uintptr_t>(at) & ~std::uintptr_t{7};
    const std::uintptr_t end =
        (reinterpret_cast<std::uintptr_t>(at) + bytes + 7) & ~std::uintptr_t{7};
    if (end - start > sizeof pending_.before) std::terminate();
    pending_.at = reinterpret_cast<const volatile void*>(start);
    pending_.bytes = end - start;
    for (std::size_t i = 0; i < pending_.bytes; i += 8) {
        const std::uint64_t word = read_word(reinterpret_cast<const std::byte*>(start + i));
        std::memcpy(pending_.before + i, &word, sizeof word);
    }
}

void World::settle_store() {
    if (pending_.at == nullptr) return;
    changed_range(pending_.at, pending_.before, pending_.bytes);
    pending_.at = nullptr;
}

bool World::futex_wait(const volatile void* word, Place place, std::uint32_t expected,
                       std::int64_t limit_ns) {
    point("futex_wait at", place);
    const auto now = *static_cast<const volatile std::uint32_t*>(word);
    observe(now);
    if (now != expected) return true;
    Coroutine& self = at(current_);
    self.status = Status::parked;
    self.timed_out = false;
    self.parked_on = word;
    self.parked_at = place.offset;
    self.parked_until = now_ns_ + limit_ns;
    self.parked_since = points_;
    reschedule();
    observe(self.timed_out ? 1 : 0);
    return !self.timed_out;
}

void World::futex_wake(const volatile void* word, Place place, int count) {
    point("futex_wake at", place);
    ++wakes_;
    if (wakes_ == lose_wake) return;
    for (; count > 0; --count) {
        Coroutine* first = nullptr;  // as the kernel does: the longest sleeper
        for (const auto& coroutine : coroutines_) {
            const bool here = coroutine->status == Status::parked &&
                              (place.is_watched ? coroutine->parked_at == place.offset
                                                : coroutine->parked_on == word);
            if (here && (first == nullptr || coroutine->parked_since < first->parked_since)) {
                first = coroutine.get();
            }
        }
        if (first == nullptr) return;
        first->status = Status::ready;
        if (tracing_) tell("     wakes P" + std::to_string(first->process));
    }
}

// The process that holds a byte, or has unlocked it, is part of the state.
void World::byte_changed(std::int64_t byte, int owner) {
    const auto known = std::find_if(byte_owners_.begin(), byte_owners_.end(),
                                    [&](const auto& entry) { return entry.first == byte; });
    const auto place = static_cast<std::uint64_t>(byte) | (std::uint64_t{0xffff} << kOffsetBits);
    const int before = known == byte_owners_.end() ? 0 : known->second;
    memory_ ^= hash_of_word(place, static_cast<std::uint64_t>(before)) ^
               hash_of_word(place, static_cast<std::uint64_t>(owner));
    if (known == byte_owners_.end()) {
        byte_owners_.emplace_back(byte, owner);
    } else {
        known->second = owner;
    }
}

void World::byte_locked(std::int64_t byte, int descriptor) {
    fresh_byte_ = byte;
    fresh_descriptor_ = descriptor;
}

void World::lock_kept(int descriptor, void* mapping) {
    if (fresh_byte_ < 0 || descriptor != fresh_descriptor_) return;
    locks_.push_back({fresh_byte_, acting_process(), mapping, false});
    byte_changed(fresh_byte_, acting_process() + 1);
    fresh_byte_ = -1;
}

void World::lock_gone(void* mapping) {
    for (auto lock = locks_.begin(); lock != locks_.end(); ++lock) {
        if (lock->mapping != mapping) continue;
        if (!lock->given_up) byte_changed(lock->byte, -1);
        locks_.erase(lock);
        return;
    }
}

std::int64_t World::byte_kept_by(void* mapping) const noexcept {
    for (const ByteLock& lock : locks_) {
        if (lock.mapping == mapping && !lock.given_up) return lock.byte;
    }
    return -1;
}

void World::yield() {
    if (++yields_in_vain_ > 1000) return fail("somebody polls for ever");
    at(current_).yields = true;
    reschedule();
    at(current_).yields = false;
}

std::int64_t World::now_ns() noexcept {
    observe(static_cast<std::uint64_t>(now_ns_));
    return now_ns_;
}

void World::step(const char* name) noexcept {
    if (current_ < 0) return;
    at(current_).step = name;
    if (tracing_) tell("P" + std::to_string(at(current_).process) + " " + name);
}

void World::tell(const std::string& line) { trace_ += line + "\n"; }

}  // namespace procession::schedule
