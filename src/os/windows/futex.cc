// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/futex.h"

#include <algorithm>

#include "os/windows/mapped_heads.h"
#include "os/windows/sleepers.h"

namespace procession::inline v0::detail::os {

// WaitOnAddress does not work between processes. So a thread that waits for a word in a section
// enters itself into the table in the section's head, and waits for a named event of its own. A
// waker looks for entries with that word, marks each as woken, and sets its event.
//
// No wake-up is lost: the sleeper enters itself and then reads the word; the waker changes the word
// and then reads the table; both with sequential consistency. So at least one sees the other.

namespace {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

/// The value of Sleeper::word for threads that sleep at `word`.
std::uint64_t sleeper_word(const std::atomic<std::uint32_t>& word,
                           const SectionHead& head) noexcept {
    return 1 + static_cast<std::uint64_t>(reinterpret_cast<const std::byte*>(&word) -
                                          reinterpret_cast<const std::byte*>(&head));
}

Sleeper* claim_sleeper(SectionHead& head, std::uint64_t owner) noexcept {
    for (const bool also_dead : {false, true}) {
        for (auto& each : head.sleepers) {
            std::uint64_t found = each.owner.load(std::memory_order_relaxed);  // relaxed: a hint
            if (found != 0 && !(also_dead && is_gone(found))) continue;
            if (each.owner.compare_exchange_strong(found, owner)) return &each;
        }
    }
    return nullptr;
}

bool sleep_at(std::atomic<std::uint32_t>& word, std::uint32_t expected, SectionHead& head,
              std::chrono::nanoseconds limit) noexcept {
    const OwnEvent* const event = own_event();
    Sleeper* const entry = event != nullptr ? claim_sleeper(head, event->key()) : nullptr;
    if (entry == nullptr) {
        // The table is full, or the system has no event: poll.
        ::Sleep(std::min<DWORD>(milliseconds_of(limit), 1));
        return word.load() != expected;
    }
    entry->word.store(sleeper_word(word, head));
    bool woken = word.load() != expected || event->wait(limit);
    // 0: a waker has chosen this thread and counts it as woken.
    if (entry->word.exchange(0) == 0) woken = true;
    entry->owner.store(0);
    return woken;
}

/// The time that the system calls of futex_wait() and futex_wake() take in this thread.
std::chrono::nanoseconds time_of_calls_for_a_sleep() noexcept {
    using Clock = std::chrono::steady_clock;
    constexpr int attempts = 8;  // another thread may take the processor during some of them
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

FutexResult futex_wait(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                       std::chrono::nanoseconds limit) noexcept {
    bool woken = false;
    if (SectionHead* const head = head_before(&word)) {
        woken = sleep_at(word, expected, *head, limit);
    } else {
        woken =
            ::WaitOnAddress(&word, &expected, sizeof expected, milliseconds_of(limit)) != FALSE ||
            ::GetLastError() != ERROR_TIMEOUT;
    }
    return woken ? FutexResult::woken : FutexResult::timed_out;
}

void futex_wake(std::atomic<std::uint32_t>& word, int count) noexcept {
    SectionHead* const head = head_before(&word);
    if (head == nullptr) {
        count == 1 ? ::WakeByAddressSingle(&word) : ::WakeByAddressAll(&word);
        return;
    }
    std::atomic_thread_fence(std::memory_order_seq_cst);
    const std::uint64_t wanted = sleeper_word(word, *head);
    for (auto& each : head->sleepers) {
        if (count <= 0) return;
        std::uint64_t found = wanted;
        if (each.word.load() != wanted || !each.word.compare_exchange_strong(found, 0)) continue;
        // Since the exchange the sleeper may have left, having seen that it was woken, and another
        // one may have taken its entry. Then that one wakes early.
        std::uint64_t owner = each.owner.load();
        if (owner == 0 || wake_sleeper(owner)) {
            --count;
        } else {
            each.owner.compare_exchange_strong(owner, 0);  // it is dead: wake another one instead
        }
    }
}

// Measured, because on Wine it is several times what it is on Windows and Linux.
std::chrono::nanoseconds cost_of_sleep() noexcept {
    static constinit std::atomic<std::int64_t> nanoseconds{0};
    std::int64_t known = nanoseconds.load(std::memory_order_relaxed);  // relaxed: a hint
    if (known == 0) {
        using std::chrono::microseconds;
        // Twice the time of the calls, since the way to another processor and back takes about as
        // long as the calls.
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

}  // namespace procession::inline v0::detail::os
