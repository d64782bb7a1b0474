// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>

#include "os/stack.h"

namespace procession::inline v0::detail::shm {

/// Something that threads of this process can be at work inside.
class OperationTarget {
  public:
    OperationTarget(const OperationTarget&) = delete;
    OperationTarget& operator=(const OperationTarget&) = delete;

    /// A thread was at work inside and will never go on: it was led elsewhere by longjmp, or it has
    /// ended. Called by that thread, or at its end.
    virtual void operation_cut_short() noexcept = 0;

  protected:
    OperationTarget() = default;
    ~OperationTarget() = default;
};

/// Says, while it lives, that this thread is at work inside an object, at the cost of a few plain
/// stores; a thread that wants to end the object waits until no other thread of this process is
/// inside.
///
/// Guarantees:
///   1. After "mark the object as ended, then others_inside() was false", no other thread is
///      inside that has not seen the mark, provided that each looks for the mark after it has made
///      its OperationGuard.
///   2. A thread that comes again while it is inside (from a signal handler) can tell:
///      is_nested().
///   3. The object is told of an operation that was cut short, when the thread comes again to any
///      object from a place that shows it (os::is_left_frame), or when the thread ends.
///
/// Mechanism: one record for each thread, written only by that thread. It stores without a barrier;
/// others_inside() pays for both (os::barrier_in_all_threads). Where the system has no such
/// barrier, a thread outside of all objects holds kMustFence in place of nullptr, and so takes the
/// way round on which it fences; threads that need not fence do not even ask.
///
/// Threads: its own. May be nested on one thread.
class OperationGuard {
  public:
    explicit OperationGuard(OperationTarget* object)
        : here_(mine_ != nullptr ? *mine_ : register_this_thread()),
          // relaxed: this thread's own
          before_(here_.inside.load(std::memory_order_relaxed)) {
        if (before_ != nullptr) [[unlikely]] {
            enter_unusually(object, __builtin_frame_address(0));
            return;
        }
        here_.frame = __builtin_frame_address(0);
        // relaxed: others_inside() makes it visible, by the barrier in this thread
        here_.inside.store(object, std::memory_order_relaxed);
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~OperationGuard() { leave(); }
    OperationGuard(const OperationGuard&) = delete;
    OperationGuard& operator=(const OperationGuard&) = delete;

    /// In a child that no at-fork handler has prepared: the other threads were the parent's.
    static void forget_other_threads() noexcept;
    /// Whether this thread is inside `object`. Async-signal-safe.
    [[nodiscard]] static bool is_inside(const OperationTarget* object) noexcept {
        return mine_ != nullptr && mine_->holds(object);
    }
    /// The same, but for an operation that was cut short: the object is told of that instead.
    [[nodiscard]] static bool is_still_inside(const OperationTarget* object) noexcept {
        if (!is_inside(object)) return false;
        forget_what_was_cut_short(__builtin_frame_address(0));
        return is_inside(object);
    }
    /// Whether some other thread of this process is inside `object`. True also when that cannot be
    /// told, since this thread was interrupted in the middle of what is needed to tell.
    [[nodiscard]] static bool others_inside(const OperationTarget* object) noexcept;

  protected:
    /// Whether this thread was inside the object already.
    [[nodiscard]] bool is_nested() const noexcept { return nested_; }
    /// Ends it; the destructor does nothing more.
    void leave() noexcept {
        // release: pairs with others_inside(); what was done inside is visible
        here_.inside.store(before_, std::memory_order_release);
    }

  private:
    friend class ActiveOperations;
    friend class OperationPause;
    friend struct OperationGuardForTests;  // tests/schedule: several threads that are none

    static constexpr std::size_t kNestedMax = 4;
    // Their addresses: inside more than one object; inside none, and enters by a fence.
    static constexpr char kSeveral = 0;
    static constexpr char kMustFence = 0;
    struct Thread {
        std::atomic<const void*> inside{nullptr};
        const void* idle = nullptr;   // what `inside` holds outside of all objects
        const void* frame = nullptr;  // of the outermost operation under way
        Thread* next = nullptr;
        int process = 0;
        os::StackRange stack;
        // While `inside` is &kSeveral: all of them, as far as there is room.
        std::array<OperationTarget*, kNestedMax> several{};

        [[nodiscard]] bool holds(const OperationTarget* object) const noexcept {
            // acquire: pairs with leave()
            const void* what = inside.load(std::memory_order_acquire);
            return what == object || what == &kSeveral;
        }
    };

    static Thread& register_this_thread();
    static void forget_ended_thread(void* record) noexcept;
    void enter_unusually(OperationTarget* object, const void* frame);
    void enter_several(OperationTarget* object) noexcept;
    static void forget_what_was_cut_short(const void* frame) noexcept;
    static void cut_short(Thread& thread) noexcept;

    // Without a guard or a call: known at compile time not to need initialisation.
    inline static constinit thread_local Thread* mine_ = nullptr;

    Thread& here_;
    const void* before_;
    bool nested_ = false;
};

/// While it lives, this thread is inside nothing, in the middle of its operations: for code of the
/// program's own that is called there. An object may have been ended when it is over.
class OperationPause {
  public:
    OperationPause() noexcept;
    ~OperationPause();
    OperationPause(const OperationPause&) = delete;
    OperationPause& operator=(const OperationPause&) = delete;

  private:
    const void* before_;
    const void* frame_;
    std::array<OperationTarget*, OperationGuard::kNestedMax> several_;
};

}  // namespace procession::inline v0::detail::shm
