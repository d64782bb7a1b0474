// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "base/step.h"
#include "shm/memory_orders.h"

namespace procession::inline v0::detail::shm {

/// What a process is about to change in shared memory, written down before the store that commits
/// the change: so another process can complete the change, or forget it, after a death. Also known
/// as an intent log, or a redo record of one entry.
///
/// Guarantee: a process that may write (the holder of the lock or of the claim that the intent
/// belongs to) and finds is_open() sees the kind, subject, epoch and values of one begin().
///
/// Protocol, in which the writer may die between any two stores:
///   1. begin() describes the change and opens the intent by one store.
///   2. One store elsewhere commits the change. The subject tells whether it has happened.
///   3. What follows from it is computed from the values, which are those of before the change, and
///      never from what is there now. So it may be done again.
///   4. end() closes the intent by one store.
/// Repair: if (is_open()) { if the change is committed, do step 3 again; end(); }. The process that
/// repairs may die as well; the next one does the same.
///
/// `epoch` tells apart the users of memory that is used again: where the subject's memory has
/// another epoch than the intent, the subject itself is gone, and what is there now proves nothing.
///
/// All zero is a closed intent. Modelled in tests/model/intent.pml.
template <std::size_t kValues>
class Intent {
  public:
    /// `subject` is below 2^56. `kind` is an enumerator that is not 0.
    template <class Kind>
    void begin(Kind kind, std::uint64_t subject, std::uint64_t epoch,
               const std::array<std::uint64_t, kValues>& values) noexcept {
        for (std::size_t i = 0; i < kValues; ++i) values_[i].store(values[i], kOrdered);
        epoch_.store(epoch, kOrdered);
        PROCESSION_STEP("intent.described");
        what_.store(std::uint64_t{static_cast<std::uint8_t>(kind)} << kSubjectBits | subject,
                    kOrdered);
    }
    void end() noexcept { what_.store(0, std::memory_order_release); }

    [[nodiscard]] bool is_open() const noexcept { return what_.load(kSeen) != 0; }
    /// is_open() for the process that may write, which needs no order.
    [[nodiscard]] bool is_open_here() const noexcept {
        return what_.load(std::memory_order_relaxed) != 0;
    }
    template <class Kind>
    [[nodiscard]] bool is(Kind kind) const noexcept {
        return what_.load(kSeen) >> kSubjectBits == static_cast<std::uint8_t>(kind);
    }
    [[nodiscard]] std::uint64_t subject() const noexcept {
        return what_.load(kSeen) & ((std::uint64_t{1} << kSubjectBits) - 1);
    }
    [[nodiscard]] std::uint64_t epoch() const noexcept { return epoch_.load(kSeen); }
    [[nodiscard]] std::uint64_t value(std::size_t i) const noexcept {
        return values_[i].load(kSeen);
    }

  private:
    static constexpr unsigned kSubjectBits = 56;
    // acquire: pairs with the stores in begin()
    static constexpr auto kSeen = std::memory_order_acquire;

    std::array<std::atomic<std::uint64_t>, kValues> values_;
    std::atomic<std::uint64_t> epoch_;
    std::atomic<std::uint64_t> what_;  // the kind in the top byte, below it the subject; 0: closed
};

}  // namespace procession::inline v0::detail::shm
