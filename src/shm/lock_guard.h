// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/checks.h"
#include "shm/corrupt.h"
#include "shm/robust_lock.h"

namespace procession::inline v0::detail::shm {

/// One robust lock in shared memory. `Which` is an empty type that names it, so that a function
/// that needs the lock can ask for the proof that its caller holds it.
template <class Which>
struct LockWord {
    std::atomic<std::uint32_t> word;
};

/// A dead participant on which the caller has the claim: while its locks are repaired, the caller
/// acts as their holder. Only SharedObject makes one.
class DeadOwner {
  public:
    [[nodiscard]] std::uint32_t slot() const noexcept { return slot_; }

  private:
    friend class SharedObject;
    explicit DeadOwner(std::uint32_t slot) : slot_(slot) {}
    std::uint32_t slot_;
};

template <class Which>
class LockGuard;

/// The proof that the caller holds the lock `Which`: taking the lock makes it, or the claim on its
/// dead owner. Empty, passed by value.
template <class Which>
class Holds {
  public:
    /// To repair what `lock` guards. Throws Corrupt unless its word still names the dead owner.
    Holds(const LockWord<Which>& lock, const DeadOwner& owner) {
        require(RobustLock::is_owned_by(lock.word, owner.slot()),
                "a lock under repair is not its dead owner's");
    }

  private:
    friend class LockGuard<Which>;
    Holds() noexcept = default;
};

/// Holds one lock, or none; the destructor releases it, whatever is thrown.
template <class Which>
class [[nodiscard]] LockGuard {
  public:
    LockGuard() noexcept = default;
    /// Takes the lock if it is free now.
    [[nodiscard]] static LockGuard try_take(LockWord<Which>& lock, std::uint32_t owner_token) {
        return RobustLock(lock.word, owner_token).try_acquire() ? LockGuard(lock) : LockGuard();
    }
    LockGuard(LockGuard&& other) noexcept : lock_(std::exchange(other.lock_, nullptr)) {}
    LockGuard& operator=(LockGuard&& other) noexcept {
        if (this != &other) {
            release();
            lock_ = std::exchange(other.lock_, nullptr);
        }
        return *this;
    }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;
    ~LockGuard() { release(); }

    void release() noexcept {
        if (auto* const lock = std::exchange(lock_, nullptr)) RobustLock::release(lock->word);
    }
    [[nodiscard]] explicit operator bool() const noexcept { return lock_ != nullptr; }
    /// To be asked for while the lock is held.
    [[nodiscard]] Holds<Which> proof() const noexcept {
        PROCESSION_EXPECTS(lock_ != nullptr);
        return {};
    }

  private:
    friend class SharedObject;
    explicit LockGuard(LockWord<Which>& lock) noexcept : lock_(&lock) {}
    LockWord<Which>* lock_ = nullptr;
};

}  // namespace procession::inline v0::detail::shm
