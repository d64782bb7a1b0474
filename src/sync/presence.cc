// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "sync/presence.h"

#include <memory>
#include <mutex>
#include <new>

#include "os/at_fork.h"
#include "os/barrier.h"
#include "os/child.h"
#include "os/thread_end.h"

namespace procession::sync {

/// All threads of this process that were ever present anywhere. Its lock is held across fork: the
/// child keeps only the thread that forked.
class PresentThreads final : public os::ForkListener {
  public:
    static PresentThreads& instance() {
        static PresentThreads* threads =
            new PresentThreads;  // never ends: static queues may outlive it
        return *threads;
    }
    void add(Presence::Thread* thread) {
        const std::lock_guard guard(mutex_);
        thread->next = first_;
        first_ = thread;
    }
    void remove(Presence::Thread* thread) noexcept {
        const std::lock_guard guard(mutex_);
        for (Presence::Thread** each = &first_; *each != nullptr; each = &(*each)->next) {
            if (*each != thread) continue;
            *each = thread->next;
            return;
        }
    }
    bool others_inside(const void* object, const Presence::Thread* self) noexcept {
        const std::lock_guard guard(mutex_);
        // Alone: a thread that comes from now on takes the lock first, and sees what we had stored.
        if (first_ == nullptr || (first_ == self && first_->next == nullptr)) return false;
        os::barrier_in_all_threads();
        for (const Presence::Thread* each = first_; each != nullptr; each = each->next) {
            if (each != self && each->holds(object)) return true;
        }
        return false;
    }

    void forget_other_threads() noexcept {
        new (&mutex_) std::mutex;  // one of them may have held it
        keep_this_process();
    }

  private:
    PresentThreads() { start_listening(); }

    void before_fork() noexcept override { mutex_.lock(); }
    void after_fork_in_parent() noexcept override { mutex_.unlock(); }
    void after_fork_in_child() noexcept override {
        keep_this_process();
        mutex_.unlock();
    }
    // The records of the parent's threads are left alone.
    void keep_this_process() noexcept {
        const int self = os::this_process();
        if (Presence::mine_ != nullptr) Presence::mine_->process = self;
        for (Presence::Thread** each = &first_; *each != nullptr;) {
            if ((*each)->process == self) {
                each = &(*each)->next;
            } else {
                *each = (*each)->next;
            }
        }
    }

    std::mutex mutex_;
    Presence::Thread* first_ = nullptr;
};

namespace {

// Made before main: a fork child must never wait for a thread of its parent that was making it.
[[maybe_unused]] const PresentThreads& made_early = PresentThreads::instance();

}  // namespace

void Presence::forget_ended_thread(void* record) noexcept {
    const std::unique_ptr<Thread> mine(static_cast<Thread*>(record));
    PresentThreads::instance().remove(mine.get());
    if constexpr (os::thread_locals_outlive_threads) mine_ = nullptr;
}

// A thread-local object of the user that ends after this thread's record and uses a queue makes a
// record anew: that one stays in the list, empty.
Presence::Thread& Presence::register_this_thread() {
    auto record = std::make_unique<Thread>();
    record->process = os::this_process();
    // relaxed: no other thread knows the record
    if (!os::has_barrier_in_all_threads())
        record->inside.store(&kMustFence, std::memory_order_relaxed);
    os::at_thread_end(forget_ended_thread, record.get());
    PresentThreads::instance().add(record.get());
    mine_ = record.release();
    return *mine_;
}

// From inside another object, or where a thread fences for itself.
void Presence::enter_unusually(const void* object) noexcept {
    // relaxed: the fence orders it
    here_.inside.store(before_ == &kMustFence ? object : &kSeveral, std::memory_order_relaxed);
    // Pairs with the fence in others_inside(): either that sees this thread inside, or this thread
    // sees the object marked as ended.
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

void Presence::forget_other_threads() noexcept {
    PresentThreads::instance().forget_other_threads();
}

bool Presence::others_inside(const void* object) noexcept {
    return PresentThreads::instance().others_inside(object, mine_);
}

}  // namespace procession::sync
