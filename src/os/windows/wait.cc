// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/wait.h"

#include <new>
#include <vector>

#include "os/windows/api.h"

namespace procession::os {

namespace {

constexpr std::size_t kAtOnce = MAXIMUM_WAIT_OBJECTS;

/// Whether it is ready now. What is no open handle is ready: a use of it tells why.
bool is_ready(const Watched& each) noexcept {
    if (each.handle == no_handle) return false;
    if (each.direction == Direction::writing) return true;
    return ::WaitForSingleObject(each.handle, 0) != WAIT_TIMEOUT;
}

bool mark_ready(std::span<Watched> watched) noexcept {
    bool any = false;
    for (auto& each : watched) {
        each.ready = is_ready(each);
        any = any || each.ready;
    }
    return any;
}

/// Waits until one of many is signalled: threads of the system's pool wait for them, and set one
/// event.
class ManyWaits {
  public:
    explicit ManyWaits(std::span<const HANDLE> handles) {
        one_is_ready_.reset(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
        waits_.reserve(handles.size());
        for (const HANDLE each : handles) {
            HANDLE wait = nullptr;
            if (!one_is_ready_.valid() ||
                !::RegisterWaitForSingleObject(&wait, each, tell, one_is_ready_.get(), INFINITE,
                                               WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE)) {
                is_good_ = false;
                return;
            }
            waits_.push_back(wait);
        }
    }
    ~ManyWaits() {
        // Waits for those that tell just now: the event is theirs too.
        for (const HANDLE each : waits_) ::UnregisterWaitEx(each, INVALID_HANDLE_VALUE);
    }
    ManyWaits(const ManyWaits&) = delete;
    ManyWaits& operator=(const ManyWaits&) = delete;

    [[nodiscard]] bool is_good() const noexcept { return is_good_; }
    void wait(DWORD milliseconds) const noexcept {
        ::WaitForSingleObject(one_is_ready_.get(), milliseconds);
    }

  private:
    static void CALLBACK tell(void* event, BOOLEAN /*timed_out*/) noexcept { ::SetEvent(event); }

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
    if (deadline.has_passed()) return false;
    ::Sleep(1);
    for (auto& each : watched) each.ready = each.handle != no_handle;
    return true;
}

}  // namespace

bool wait_any(std::span<Watched> watched, Deadline deadline) noexcept try {
    std::vector<HANDLE> handles;
    for (const auto& each : watched) {
        if (each.handle != no_handle) handles.push_back(each.handle);
    }
    for (;;) {
        if (mark_ready(watched)) return true;
        if (deadline.has_passed()) return false;
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

}  // namespace procession::os
