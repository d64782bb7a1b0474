// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/pipe_watch.h"

namespace procession::inline v0::detail::os {

PipeWatch::~PipeWatch() {
    if (!is_pending()) return;
    ::CancelIoEx(pipe_, call_.get());
    DWORD count = 0;
    // If another thread has closed the handle while other handles to the pipe exist, the pending
    // call cannot be cancelled. Then it is left to the system, with the memory that it uses.
    constexpr DWORD limit = 1000;
    const bool is_over = ::GetOverlappedResultEx(pipe_, call_.get(), &count, limit, FALSE) ||
                         HasOverlappedIoCompleted(call_.get());
    if (!is_over) [[maybe_unused]]
        const auto* const left = call_.release();
}

bool PipeWatch::ask() noexcept {
    if (is_pending()) return false;
    const bool was_answered = asked_;
    static char nothing = 0;
    const HANDLE event = call_->hEvent;
    *call_ = OVERLAPPED{};
    call_->hEvent = event;
    BOOL done = ::ReadFile(pipe_, &nothing, 0, nullptr, call_.get());
    if (!done && ::GetLastError() == ERROR_PIPE_LISTENING)
        done = ::ConnectNamedPipe(pipe_, call_.get());
    asked_ = !done && ::GetLastError() == ERROR_IO_PENDING;
    if (!asked_) ::SetEvent(event);
    return was_answered || !asked_;
}

}  // namespace procession::inline v0::detail::os
