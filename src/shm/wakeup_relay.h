// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

namespace procession::inline v0::detail::shm {

/// Part of an operation that may wait: its wake-up was meant for a thread that takes what has
/// become free. If the operation takes nothing, this wakes another thread when it ends, however it
/// ends.
template <class WakeAnother>
class WakeupRelay {
  public:
    explicit WakeupRelay(WakeAnother wake_another) : wake_another_(std::move(wake_another)) {}
    WakeupRelay(const WakeupRelay&) = delete;
    WakeupRelay& operator=(const WakeupRelay&) = delete;
    ~WakeupRelay() {
        if (!used_) wake_another_();
    }

    void use() noexcept { used_ = true; }

  private:
    WakeAnother wake_another_;
    bool used_ = false;
};

}  // namespace procession::inline v0::detail::shm
