// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace procession::sync {

/// Says, while it lives, that this thread is at work inside an object, at the cost of two plain
/// stores; who wants to end the object waits until no other thread of this process is.
///
/// Guarantee: after "mark the object as ended, then others_inside() was false", no other thread is
/// inside that has not seen the mark, provided that each looks for the mark after it has made its
/// Presence.
///
/// Mechanism: one word for each thread, written only by that thread. It stores without a barrier;
/// others_inside() pays for both (os::barrier_in_all_threads). Where the system has no such
/// barrier, a thread outside of all objects holds kMustFence in place of nullptr, and so takes the
/// way round on which it fences; those that need not fence do not even ask.
///
/// Threads: its own. May be nested on one thread (a log function that uses another queue).
class Presence {
  public:
    explicit Presence(const void* object)
        : here_(mine_ != nullptr ? *mine_ : register_this_thread()),
          before_(here_.inside.load(std::memory_order_relaxed)) {  // relaxed: this thread's own
        if (before_ == nullptr || before_ == object) [[likely]] {
            // relaxed: others_inside() makes it visible, by the barrier in this thread
            here_.inside.store(object, std::memory_order_relaxed);
        } else {
            enter_unusually(object);
        }
        std::atomic_signal_fence(std::memory_order_seq_cst);
    }
    ~Presence() { leave(); }
    Presence(const Presence&) = delete;
    Presence& operator=(const Presence&) = delete;

    /// In a child that no at-fork handler has prepared: the other threads were the parent's.
    static void forget_other_threads() noexcept;
    /// Whether this thread is inside `object`.
    [[nodiscard]] static bool is_inside(const void* object) noexcept {
        return mine_ != nullptr && mine_->holds(object);
    }
    /// Whether some other thread of this process is inside `object`.
    [[nodiscard]] static bool others_inside(const void* object) noexcept;

  protected:
    /// Ends it; the destructor does nothing more.
    void leave() noexcept {
        // release: pairs with others_inside(); what was done inside is visible
        here_.inside.store(before_, std::memory_order_release);
    }

  private:
    friend class PresentThreads;
    friend struct PresenceForTests;  // tests/schedule: several threads that are none
    // Their addresses: inside more than one object; inside none, and enters by a fence.
    static constexpr char kSeveral = 0;
    static constexpr char kMustFence = 0;
    struct Thread {
        std::atomic<const void*> inside{nullptr};
        Thread* next = nullptr;
        int process = 0;

        [[nodiscard]] bool holds(const void* object) const noexcept {
            // acquire: pairs with leave()
            const void* what = inside.load(std::memory_order_acquire);
            return what == object || what == &kSeveral;
        }
    };
    void enter_unusually(const void* object) noexcept;
    static Thread& register_this_thread();
    static void forget_ended_thread(void* record) noexcept;

    // Without a guard or a call: known at compile time not to need initialisation.
    inline static constinit thread_local Thread* mine_ = nullptr;

    Thread& here_;
    const void* before_;
};

}  // namespace procession::sync
