// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::inline v0::detail::os {

/// Disables the cancellation of this thread (pthread_cancel) while it exists: otherwise a thread
/// could be ended in the middle of a change to shared memory, or forced unwinding could reach a
/// noexcept function. A cancellation request that arrives meanwhile stays pending. Does nothing on
/// Windows, which has no cancellation.
///
/// longjmp may skip the destructor. Such an object is dropped by the next one that is made at the
/// same stack address or above it.
/// Threads: affects only its own. May be nested.
class CancellationDisabled {
  public:
    CancellationDisabled() noexcept;
    ~CancellationDisabled();
    CancellationDisabled(const CancellationDisabled&) = delete;
    CancellationDisabled& operator=(const CancellationDisabled&) = delete;

    /// Acts on a pending request by unwinding the stack from here, if cancellation was enabled when
    /// the outermost of these objects was made. The caller must hold no lock.
    static void act_on_request();

  private:
    [[maybe_unused]] int before_ = 0;
};

}  // namespace procession::inline v0::detail::os
