// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

/// Sets an event when a pipe becomes ready. It makes an overlapped read of 0 bytes, which completes
/// when there are bytes and leaves them in the pipe; or, if no client has connected yet, it waits
/// for a client.
///
/// The system resets the event at each ask(). So a caller that has several watches with one event
/// must check has_answer() of each of them after the last ask(), before it waits.
/// Threads: one at a time.
class PipeWatch {
  public:
    PipeWatch(NativeHandle pipe, HANDLE event)
        : pipe_(pipe), call_(std::make_unique<OVERLAPPED>()) {
        call_->hEvent = event;
    }
    ~PipeWatch();
    PipeWatch(const PipeWatch&) = delete;
    PipeWatch& operator=(const PipeWatch&) = delete;

    /// Starts a call, unless the last one is still pending. If there are bytes already, or can
    /// never be any, sets the event at once. Returns: whether something has happened since the last
    /// ask().
    bool ask() noexcept;
    [[nodiscard]] bool has_answer() const noexcept { return asked_ && !is_pending(); }

    [[nodiscard]] NativeHandle pipe() const noexcept { return pipe_; }

  private:
    [[nodiscard]] bool is_pending() const noexcept {
        return asked_ && !HasOverlappedIoCompleted(call_.get());
    }

    NativeHandle pipe_;
    std::unique_ptr<OVERLAPPED> call_;
    bool asked_ = false;
};

}  // namespace procession::inline v0::detail::os
