// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "os/windows/api.h"

namespace procession::os {

/// Sets an event when a pipe becomes ready: by a read of no bytes, which ends when there are some,
/// and leaves them; or, while no client has connected yet, by a wait for a client.
///
/// The system resets the event whenever a question begins. So a caller that has several watches at
/// one event looks at all of them after the last question, before it waits.
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

    /// Begins a question, unless the last one has not been answered yet. Where none is needed
    /// (there are bytes, or there will never be), sets the event at once.
    /// Returns: whether something has happened since the last question.
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

}  // namespace procession::os
