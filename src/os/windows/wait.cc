// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/wait.h"

#include <algorithm>
#include <deque>
#include <new>
#include <optional>
#include <vector>

#include "os/windows/api.h"
#include "os/windows/pipe.h"
#include "os/windows/pipe_watch.h"

namespace procession::inline v0::detail::os {

namespace {

constexpr std::size_t kAtOnce = MAXIMUM_WAIT_OBJECTS;

bool is_pipe(NativeHandle handle) noexcept {
    DWORD flags = 0;
    return ::GetFileType(handle) == FILE_TYPE_PIPE &&
           ::GetNamedPipeInfo(handle, &flags, nullptr, nullptr, nullptr);
}

/// One of the handles, and how to ask the system about it.
struct Asked {
    Watched* watched;
    bool is_pipe;
};

std::vector<Asked> all_of(std::span<Watched> watched) {
    std::vector<Asked> all;
    all.reserve(watched.size());
    for (auto& each : watched) {
        each.ready = false;
        if (each.handle != no_handle) all.push_back({&each, is_pipe(each.handle)});
    }
    return all;
}

/// Whether it is ready now. A handle that is not open is ready: an attempt to use it shows why.
bool is_ready(const Asked& each) noexcept {
    const NativeHandle handle = each.watched->handle;
    if (each.watched->direction == Direction::writing) return true;
    if (!each.is_pipe) return ::WaitForSingleObject(handle, 0) != WAIT_TIMEOUT;
    const auto found = peek_pipe(handle);
    return found.error != 0 || found.available != 0;
}

bool mark_ready(std::span<const Asked> all) noexcept {
    bool any = false;
    for (const auto& each : all) {
        each.watched->ready = is_ready(each);
        any = any || each.watched->ready;
    }
    return any;
}

/// Waits for pipes, which WaitForMultipleObjects cannot wait for. They all set one event.
class PipeWaits {
  public:
    PipeWaits() : event_(::CreateEventW(nullptr, TRUE, FALSE, nullptr)) {}

    [[nodiscard]] HANDLE event() const noexcept { return event_.get(); }
    void add(NativeHandle pipe) {
        is_answered_ = watches_.emplace_back(pipe, event_.get()).ask() || is_answered_;
    }
    /// To be called after the last add(), which resets the event.
    [[nodiscard]] bool is_answered() const noexcept {
        return is_answered_ || std::ranges::any_of(watches_, &PipeWatch::has_answer);
    }

  private:
    Handle event_;
    std::deque<PipeWatch> watches_;
    bool is_answered_ = false;
};

/// Waits until one of many handles is signalled. Threads of the system's pool wait for them and set
/// one event.
class ManyWaits {
  public:
    explicit ManyWaits(std::span<const HANDLE> handles) {
        one_is_ready_.reset(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
        waits_.reserve(handles.size());
        for (const HANDLE each : handles) {
            HANDLE wait = nullptr;
            if (!one_is_ready_.valid() || !::RegisterWaitForSingleObject(
                                              &wait, each, set_event, one_is_ready_.get(), INFINITE,
                                              WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE)) {
                is_good_ = false;
                return;
            }
            waits_.push_back(wait);
        }
    }
    ~ManyWaits() {
        // Waits for callbacks that are running, since they use the event.
        for (const HANDLE each : waits_) ::UnregisterWaitEx(each, INVALID_HANDLE_VALUE);
    }
    ManyWaits(const ManyWaits&) = delete;
    ManyWaits& operator=(const ManyWaits&) = delete;

    [[nodiscard]] bool is_good() const noexcept { return is_good_; }
    void wait(DWORD milliseconds) const noexcept {
        ::WaitForSingleObject(one_is_ready_.get(), milliseconds);
    }

  private:
    static void CALLBACK set_event(void* event, BOOLEAN /*timed_out*/) noexcept {
        ::SetEvent(event);
    }

    Handle one_is_ready_;
    std::vector<HANDLE> waits_;
    bool is_good_ = true;
};

/// Returns: false when the system cannot wait for them.
bool wait_some(std::span<const HANDLE> handles, DWORD milliseconds) {
    if (handles.empty()) {
        ::Sleep(milliseconds);
        return true;
    }
    if (handles.size() <= kAtOnce) {
        return ::WaitForMultipleObjects(static_cast<DWORD>(handles.size()), handles.data(), FALSE,
                                        milliseconds) != WAIT_FAILED;
    }
    const ManyWaits many(handles);
    if (many.is_good()) many.wait(milliseconds);
    return many.is_good();
}

bool all_may_be_ready(std::span<Watched> watched, Deadline deadline) noexcept {
    if (deadline.expired()) return false;
    ::Sleep(1);
    for (auto& each : watched) each.ready = each.handle != no_handle;
    return true;
}

}  // namespace

bool wait_any(std::span<Watched> watched, Deadline deadline) noexcept try {
    const auto all = all_of(watched);
    for (;;) {
        if (mark_ready(all)) return true;
        if (deadline.expired()) return false;
        std::vector<HANDLE> handles;
        std::optional<PipeWaits> pipes;
        for (const auto& each : all) {
            if (!each.is_pipe) {
                handles.push_back(each.watched->handle);
                continue;
            }
            if (!pipes) handles.push_back(pipes.emplace().event());
            pipes->add(each.watched->handle);
        }
        if (pipes && pipes->is_answered()) continue;
        if (!wait_some(handles, milliseconds_of(deadline.remaining())))
            return all_may_be_ready(watched, deadline);
    }
} catch (const std::bad_alloc&) {
    return all_may_be_ready(watched, deadline);
}

bool wait_ready(NativeHandle handle, Direction direction, Deadline deadline) noexcept {
    Watched single{handle, direction};
    return wait_any({&single, 1}, deadline);
}

}  // namespace procession::inline v0::detail::os
