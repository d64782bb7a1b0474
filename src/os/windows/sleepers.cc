// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/sleepers.h"

#include <atomic>
#include <cstdio>
#include <memory>
#include <new>

#include "os/thread_end.h"
#include "os/windows/known.h"

namespace procession::os {

namespace {

using EventName = wchar_t[64];

/// In the namespace of this session, which no process of another session sees.
void write_name(std::uint64_t name, EventName& text) noexcept {
    std::swprintf(text, std::size(text), L"Local\\procession-sleeper-%016llx",
                  static_cast<unsigned long long>(name));
}

std::uint64_t name_of(std::uint32_t count, DWORD process) noexcept {
    return std::uint64_t{count} << 32 | process;
}
DWORD process_of(std::uint64_t name) noexcept { return static_cast<DWORD>(name); }

enum class State { asleep, gone, unknown };

/// The process of a sleeper and its event.
///
/// An event lives as long as any process has a handle to it, so its owner may be dead; the owner's
/// process tells. Invariant: with a handle to another process's event there is always a handle to
/// that process, opened before it and closed after it. So the number of that process is not given
/// out again, and leads to the owner of the event.
struct Sleeping {
    std::uint64_t name = 0;
    Handle process;
    Handle event;  // behind the process: it is closed first

    /// Returns: `asleep` when the event is there.
    [[nodiscard]] State open(std::uint64_t wanted) noexcept {
        process.reset(::OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE,
                                    process_of(wanted)));
        // INVALID_PARAMETER: there is no process of that number. Else there is one, of another
        // user.
        if (!process.valid())
            return ::GetLastError() == ERROR_INVALID_PARAMETER ? State::gone : State::unknown;
        EventName text;
        write_name(wanted, text);
        event.reset(::OpenEventW(EVENT_MODIFY_STATE, FALSE, text));
        if (!event.valid())
            return ::GetLastError() == ERROR_FILE_NOT_FOUND ? State::gone : State::unknown;
        name = wanted;
        return State::asleep;
    }
    /// Looks at the process, then sets the event. With Wine each is a call to the server: in the
    /// other order the second call would take turns with the sleeper, which runs already. (A
    /// process that has ended with 259, STILL_ACTIVE, seems to live, and takes this wake-up along.)
    [[nodiscard]] State wake() const noexcept {
        DWORD code = STILL_ACTIVE;
        if (::GetExitCodeProcess(process.get(), &code) && code != STILL_ACTIVE) return State::gone;
        ::SetEvent(event.get());
        return State::asleep;
    }
};

/// The sleepers that this process has woken before: as many as usually sleep at the queues of one
/// process; the others are opened each time. Never destroyed: threads may wake others while the
/// process ends.
Known<Sleeping, 64>& known() noexcept {
    alignas(Known<Sleeping, 64>) static std::byte space[sizeof(Known<Sleeping, 64>)];
    static auto& all = *new (space) Known<Sleeping, 64>;
    return all;
}

constinit thread_local const OwnEvent* event_of_this_thread = nullptr;

void forget_event(void* event) noexcept { delete static_cast<OwnEvent*>(event); }

}  // namespace

OwnEvent::OwnEvent() noexcept {
    static std::atomic<std::uint32_t> counter{0};
    // The number of a process is given out again after its end. An event of that name can only be
    // there while a waker still wakes its last owner.
    do {
        name_ = name_of(++counter, ::GetCurrentProcessId());
        EventName text;
        write_name(name_, text);
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

bool wake_sleeper(std::uint64_t name) noexcept {
    if (const auto state = known().with(name, [](const Sleeping& each) { return each.wake(); })) {
        if (*state == State::gone) known().drop(name);
        return *state != State::gone;
    }
    Sleeping fresh;
    State state = fresh.open(name);
    if (state == State::asleep) state = fresh.wake();
    if (state == State::asleep) known().keep(fresh);
    return state != State::gone;
}

bool is_gone(std::uint64_t name) noexcept {
    Sleeping sleeping;
    const State state = sleeping.open(name);
    if (state != State::asleep) return state == State::gone;
    return ::WaitForSingleObject(sleeping.process.get(), 0) == WAIT_OBJECT_0;
}

void let_go_of_sleepers() noexcept { known().drop_all(); }

}  // namespace procession::os
