// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/park.h"

#include "os/windows/mapped_heads.h"
#include "os/windows/sleepers.h"

namespace procession::os {

// WaitOnAddress does not cross processes. So a thread that sleeps at a word in a section writes
// itself down in the section's head, and sleeps on an event of its own that has a name. A waker
// looks for sleepers at the word, strikes each out and sets its event.
//
// No wake-up is lost: the sleeper writes itself down and then looks at the word; the waker changes
// the word and then looks for sleepers; both with sequential consistency. One of them sees the
// other.

namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

/// The value of Sleeper::word for threads that sleep at `word`.
std::uint64_t place_of(const std::atomic<std::uint32_t>& word, const SectionHead& head) noexcept {
    return 1 + static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(&word) -
                                          reinterpret_cast<const std::byte*>(&head));
}

Sleeper* take_place(SectionHead& head, std::uint64_t owner) noexcept {
    for (const bool of_the_dead : {false, true}) {
        for (auto& each : head.sleepers) {
            std::uint64_t found = each.owner.load(std::memory_order_relaxed);  // relaxed: a hint
            if (found != 0 && !(of_the_dead && is_gone(found))) continue;
            if (each.owner.compare_exchange_strong(found, owner)) return &each;
        }
    }
    return nullptr;
}

bool sleep_at(std::atomic<std::uint32_t>& word, std::uint32_t expected, SectionHead& head,
              std::chrono::nanoseconds limit) noexcept {
    const OwnEvent* const event = own_event();
    Sleeper* const place = event != nullptr ? take_place(head, event->name()) : nullptr;
    if (place == nullptr) {
        // A thousand threads sleep, or the system gives no event: look again in a moment.
        ::Sleep(std::min<DWORD>(milliseconds_of(limit), 1));
        return word.load() != expected;
    }
    place->word.store(place_of(word, head));
    bool woken = word.load() != expected || event->wait(limit);
    // Struck out already: a waker has taken on to wake this thread, and relies on it.
    if (place->word.exchange(0) == 0) woken = true;
    place->owner.store(0);
    return woken;
}

/// The time of the system calls of park() and wake(), all made by this thread.
std::chrono::nanoseconds time_of_calls_for_a_sleep() noexcept {
    using Clock = std::chrono::steady_clock;
    constexpr int attempts = 8;  // others may have the processor for a while
    const Handle event(::CreateEventW(nullptr, FALSE, FALSE, nullptr));
    auto shortest = Clock::duration::max();
    for (int i = 0; i < attempts && event.valid(); ++i) {
        const auto begin = Clock::now();
        DWORD code = 0;
        ::GetExitCodeProcess(::GetCurrentProcess(), &code);
        ::SetEvent(event.get());
        ::WaitForSingleObject(event.get(), 0);
        shortest = std::min(shortest, Clock::now() - begin);
    }
    return event.valid() ? shortest : Clock::duration::zero();
}

}  // namespace

Parked park(std::atomic<std::uint32_t>& word, std::uint32_t expected,
            std::chrono::nanoseconds limit) noexcept {
    bool woken = false;
    if (SectionHead* const head = head_before(&word)) {
        woken = sleep_at(word, expected, *head, limit);
    } else {
        woken =
            ::WaitOnAddress(&word, &expected, sizeof expected, milliseconds_of(limit)) != FALSE ||
            ::GetLastError() != ERROR_TIMEOUT;
    }
    return woken ? Parked::woken : Parked::limit_passed;
}

void wake(std::atomic<std::uint32_t>& word, int count) noexcept {
    SectionHead* const head = head_before(&word);
    if (head == nullptr) {
        count == 1 ? ::WakeByAddressSingle(&word) : ::WakeByAddressAll(&word);
        return;
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint64_t place = place_of(word, *head);
    for (auto& each : head->sleepers) {
        if (count <= 0) return;
        std::uint64_t found = place;
        if (each.word.load() != place || !each.word.compare_exchange_strong(found, 0)) continue;
        // If the sleeper has left since, and another one has come, that one wakes early; and the
        // first has seen that it was struck out.
        std::uint64_t owner = each.owner.load();
        if (owner == 0 || wake_sleeper(owner)) {
            --count;
        } else {
            each.owner.compare_exchange_strong(owner, 0);  // it died in its sleep: the next one
        }
    }
}

// Measured: on Windows it is as on Linux, with Wine several times that.
std::chrono::nanoseconds cost_of_sleep() noexcept {
    static constinit std::atomic<std::int64_t> nanoseconds{0};
    std::int64_t known = nanoseconds.load(std::memory_order_relaxed);  // relaxed: a hint
    if (known == 0) {
        using std::chrono::microseconds;
        // The calls of a sleep, and as much again for the way to the other processor and back.
        known = std::clamp<std::chrono::nanoseconds>(2 * time_of_calls_for_a_sleep(),
                                                     microseconds(10), microseconds(100))
                    .count();
        nanoseconds.store(known, std::memory_order_relaxed);
    }
    return std::chrono::nanoseconds(known);
}

void yield() noexcept { ::SwitchToThread(); }

unsigned processors() noexcept {
    return std::max<DWORD>(1, ::GetActiveProcessorCount(ALL_PROCESSOR_GROUPS));
}

}  // namespace procession::os
