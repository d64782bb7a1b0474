// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/sleepers.h"

#include <atomic>
#include <cstdio>
#include <memory>
#include <new>

#include "base/process_singleton.h"
#include "os/thread_end.h"
#include "os/windows/handle_cache.h"

namespace procession::inline v0::detail::os {

namespace {

using EventName = wchar_t[64];

/// The name is local to this session, which processes of other sessions cannot see.
void write_name(std::uint64_t key, EventName& text) noexcept {
    std::swprintf(text, std::size(text), L"Local\\procession-sleeper-%016llx",
                  static_cast<unsigned long long>(key));
}

std::uint64_t make_key(std::uint32_t count, DWORD process_id) noexcept {
    return std::uint64_t{count} << 32 | process_id;
}
DWORD process_id_in(std::uint64_t key) noexcept { return static_cast<DWORD>(key); }

enum class State { asleep, gone, unknown };

/// The event of a sleeper, and its process.
///
/// An event exists as long as any process has a handle to it, so it does not show whether its owner
/// is alive; the owner's process does. Invariant: a handle to another process's event is opened
/// after a handle to that process, and closed before it. So the system does not reuse the id of
/// that process meanwhile, and the id in the key is that of the event's owner.
struct OpenedSleeper {
    std::uint64_t key = 0;
    Handle process;
    Handle event;  // after `process`, so that it is closed first

    /// Returns: `asleep` when the event exists.
    [[nodiscard]] State open(std::uint64_t wanted) noexcept {
        process.reset(::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE,
                                    process_id_in(wanted)));
        // INVALID_PARAMETER: there is no process with this id. Otherwise there is one, of another
        // user.
        if (!process.valid())
            return ::GetLastError() == ERROR_INVALID_PARAMETER ? State::gone : State::unknown;
        EventName text;
        write_name(wanted, text);
        event.reset(::OpenEventW(EVENT_MODIFY_STATE, FALSE, text));
        if (!event.valid())
            return ::GetLastError() == ERROR_FILE_NOT_FOUND ? State::gone : State::unknown;
        key = wanted;
        return State::asleep;
    }
    /// Checks the process, then sets the event. On Wine each is a request to the server; in the
    /// other order the second request would compete with those of the sleeper, which is running by
    /// then. (A process that has ended with exit code 259, STILL_ACTIVE, seems to be alive: then
    /// this wake-up is lost.)
    [[nodiscard]] State wake() const noexcept {
        DWORD code = STILL_ACTIVE;
        if (::GetExitCodeProcess(process.get(), &code) && code != STILL_ACTIVE) return State::gone;
        ::SetEvent(event.get());
        return State::asleep;
    }
};

/// The sleepers that this process has woken before. Has room for as many as usually wait at the
/// queues of one process; others are opened each time. A singleton, because threads may wake others
/// while the process ends.
using SleeperCache = HandleCache<OpenedSleeper, 64>;
SleeperCache& cache() noexcept { return base::ProcessSingleton<SleeperCache>::instance(); }

constinit thread_local const OwnEvent* event_of_this_thread = nullptr;

void forget_event(void* event) noexcept { delete static_cast<OwnEvent*>(event); }

}  // namespace

OwnEvent::OwnEvent() noexcept {
    static std::atomic<std::uint32_t> counter{0};
    // The system reuses process ids. So an event with this key may still exist, if another process
    // is just waking the former owner of the id; then the next key is used.
    do {
        key_ = make_key(++counter, ::GetCurrentProcessId());
        EventName text;
        write_name(key_, text);
        event_.reset(::CreateEventW(nullptr, FALSE, FALSE, text));
    } while (event_.valid() && ::GetLastError() == ERROR_ALREADY_EXISTS);
}

const OwnEvent* own_event() noexcept try {
    if (event_of_this_thread != nullptr) return event_of_this_thread;
    auto made = std::make_unique<OwnEvent>();
    if (!made->valid()) return nullptr;
    at_thread_end(forget_event, made.get());
    return event_of_this_thread = made.release();
} catch (const std::bad_alloc&) {
    return nullptr;
}

bool wake_sleeper(std::uint64_t key) noexcept {
    const auto wake = [](const OpenedSleeper& each) { return each.wake(); };
    if (const auto state = cache().with(key, wake)) {
        if (*state == State::gone) cache().remove(key);
        return *state != State::gone;
    }
    OpenedSleeper fresh;
    State state = fresh.open(key);
    if (state == State::asleep) state = fresh.wake();
    if (state == State::asleep) cache().add(fresh);
    return state != State::gone;
}

bool is_gone(std::uint64_t key) noexcept {
    OpenedSleeper sleeper;
    const State state = sleeper.open(key);
    if (state != State::asleep) return state == State::gone;
    return ::WaitForSingleObject(sleeper.process.get(), 0) == WAIT_OBJECT_0;
}

void close_cached_sleepers() noexcept { cache().clear(); }

}  // namespace procession::inline v0::detail::os
