// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shm/lock_guard.h"

namespace procession::testing {

using namespace detail;

/// A lock of no other process, taken: for what needs the proof of one.
template <class Which>
class HeldLock {
  public:
    [[nodiscard]] shm::Holds<Which> proof() const noexcept { return guard_.proof(); }

  private:
    shm::LockWord<Which> word_{};
    shm::LockGuard<Which> guard_ = shm::LockGuard<Which>::try_take(word_, 0);
};

}  // namespace procession::testing
