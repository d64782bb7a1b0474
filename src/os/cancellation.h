// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::os {

/// While one lives, this thread is not cancelled (pthread_cancel): shared memory is never left in
/// the middle of a change, and no forced unwinding meets a function that must not throw. A request
/// that comes meanwhile is kept. Windows has no such thing. An object whose function was left by
/// longjmp is forgotten by the next one that is made at its place of the stack or above it.
///
/// Threads: its own. May be nested.
class CancellationDisabled {
  public:
    CancellationDisabled() noexcept;
    ~CancellationDisabled();
    CancellationDisabled(const CancellationDisabled&) = delete;
    CancellationDisabled& operator=(const CancellationDisabled&) = delete;

    /// Acts on a request that was kept, if the thread could be cancelled before the outermost of
    /// these: unwinds the stack from here. The caller holds no lock.
    static void act_on_request();

  private:
    [[maybe_unused]] int before_ = 0;
};

}  // namespace procession::os
