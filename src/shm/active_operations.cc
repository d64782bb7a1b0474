// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/active_operations.h"

#include <memory>
#include <mutex>
#include <utility>

#include "base/exit.h"
#include "base/process_singleton.h"
#include "os/at_fork.h"
#include "os/barrier.h"
#include "os/child.h"
#include "os/futex.h"
#include "os/thread_end.h"

namespace procession::inline v0::detail::shm {

/// All threads of this process that were ever present anywhere. A fork child keeps only the thread
/// that forked.
class ActiveOperations final : public os::LockedAcrossForks {
  public:
    static ActiveOperations& instance() {
        return base::ProcessSingleton<ActiveOperations>::instance();
    }
    void add(OperationGuard::Thread* thread) {
        const std::lock_guard guard(lock_);
        thread->next = first_;
        first_ = thread;
    }
    /// False: nothing has happened, see try_lock().
    [[nodiscard]] bool remove(OperationGuard::Thread* thread) noexcept {
        if (!try_lock()) return false;
        const std::lock_guard guard(lock_, std::adopt_lock);
        for (OperationGuard::Thread** each = &first_; *each != nullptr; each = &(*each)->next) {
            if (*each != thread) continue;
            *each = thread->next;
            break;
        }
        return true;
    }
    bool others_inside(const OperationTarget* object, const OperationGuard::Thread* self) noexcept {
        if (!try_lock()) return true;
        const std::lock_guard guard(lock_, std::adopt_lock);
        // Alone: a thread that comes from now on takes the lock first, and sees what we had stored.
        if (first_ == nullptr || (first_ == self && first_->next == nullptr)) return false;
        os::barrier_in_all_threads();
        for (const OperationGuard::Thread* each = first_; each != nullptr; each = each->next) {
            if (each != self && each->holds(object)) return true;
        }
        return false;
    }

    void forget_other_threads() noexcept {
        lock_.reset_after_fork();  // one of them may have held it
        keep_this_process();
    }

  private:
    friend class base::ProcessSingleton<ActiveOperations>;
    ActiveOperations() { start_listening(); }

    // The lock is held for moments only. False, in the end, when this very thread has it: a signal
    // handler has interrupted it there, and has called exit().
    bool try_lock() noexcept {
        constexpr int tries = 10'000;
        for (int i = 0; i < tries; ++i) {
            if (lock_.try_lock()) return true;
            os::yield();
        }
        return false;
    }

    void after_fork_in_child() noexcept override {
        keep_this_process();
        LockedAcrossForks::after_fork_in_child();
    }
    // The records of the parent's threads are left alone.
    void keep_this_process() noexcept {
        const int self = os::current_process_id();
        if (OperationGuard::mine_ != nullptr) OperationGuard::mine_->process = self;
        for (OperationGuard::Thread** each = &first_; *each != nullptr;) {
            if ((*each)->process == self) {
                each = &(*each)->next;
            } else {
                *each = (*each)->next;
            }
        }
    }

    OperationGuard::Thread* first_ = nullptr;
};

void OperationGuard::forget_ended_thread(void* record) noexcept {
    auto* const mine = static_cast<Thread*>(record);
    if (mine->inside.load(std::memory_order_relaxed) != mine->idle) cut_short(*mine);
    if (ActiveOperations::instance().remove(mine)) delete mine;  // otherwise it stays in the list
    if constexpr (os::thread_locals_outlive_threads) mine_ = nullptr;
}

// A thread-local object of the user that ends after this thread's record and uses a queue makes a
// second record: that one stays in the list, empty.
OperationGuard::Thread& OperationGuard::register_this_thread() {
    auto record = std::make_unique<Thread>();
    record->process = os::current_process_id();
    // relaxed: no other thread knows the record
    if (!os::has_barrier_in_all_threads()) record->idle = &kMustFence;
    record->inside.store(record->idle, std::memory_order_relaxed);
    record->stack = os::stack_of_this_thread();
    // Statics that were made before this thread used anything are destroyed after the mark.
    base::watch_exit();
    os::at_thread_end(forget_ended_thread, record.get());
    ActiveOperations::instance().add(record.get());
    mine_ = record.release();
    return *mine_;
}

// The thread must fence for itself; or it is inside an object already: an operation of ours has
// called another one, a signal handler has interrupted it, or longjmp has led the thread out of it.
void OperationGuard::enter_unusually(OperationTarget* object, const void* frame) {
    if (before_ != here_.idle) {
        forget_what_was_cut_short(frame);
        before_ = here_.inside.load(std::memory_order_relaxed);  // relaxed: this thread's own
    }
    // relaxed: the fence orders it
    if (before_ == here_.idle) {
        here_.frame = frame;
        here_.inside.store(object, std::memory_order_relaxed);
    } else if (before_ == object) {
        nested_ = true;
    } else {
        enter_several(object);
        here_.inside.store(&kSeveral, std::memory_order_relaxed);
    }
    // Pairs with the fence in others_inside(): either others_inside() sees this thread inside, or
    // this thread sees the object marked as ended.
    std::atomic_thread_fence(std::memory_order_seq_cst);
}

void OperationGuard::enter_several(OperationTarget* object) noexcept {
    auto& several = here_.several;
    if (before_ != &kSeveral) {
        several = {static_cast<OperationTarget*>(const_cast<void*>(before_)), object};
        return;
    }
    for (OperationTarget*& each : several) {
        if (each == object) nested_ = true;
        if (each == nullptr) each = object;
        if (each == object) return;
    }
}

void OperationGuard::forget_what_was_cut_short(const void* frame) noexcept {
    Thread& mine = *mine_;
    if (os::is_left_frame(mine.frame, frame, mine.stack)) cut_short(mine);
}

void OperationGuard::cut_short(Thread& thread) noexcept {
    const void* const inside = thread.inside.load(std::memory_order_relaxed);
    auto objects = std::exchange(thread.several, {});
    if (inside != &kSeveral) objects = {static_cast<OperationTarget*>(const_cast<void*>(inside))};
    // release: pairs with others_inside()
    thread.inside.store(thread.idle, std::memory_order_release);
    for (OperationTarget* const object : objects) {
        if (object != nullptr) object->operation_cut_short();
    }
}

void OperationGuard::forget_other_threads() noexcept {
    ActiveOperations::instance().forget_other_threads();
}

bool OperationGuard::others_inside(const OperationTarget* object) noexcept {
    return ActiveOperations::instance().others_inside(object, mine_);
}

OperationPause::OperationPause() noexcept : before_(nullptr), frame_(nullptr), several_{} {
    OperationGuard::Thread* const mine = OperationGuard::mine_;
    if (mine == nullptr) return;
    frame_ = mine->frame;
    several_ = mine->several;
    // release: pairs with others_inside(), as the end of a OperationGuard
    before_ = mine->inside.exchange(mine->idle, std::memory_order_release);
}

OperationPause::~OperationPause() {
    OperationGuard::Thread* const mine = OperationGuard::mine_;
    if (mine == nullptr || before_ == mine->idle) return;
    mine->frame = frame_;
    mine->several = several_;
    mine->inside.store(before_, std::memory_order_relaxed);  // relaxed: as a OperationGuard begins
    std::atomic_signal_fence(std::memory_order_seq_cst);
}

}  // namespace procession::inline v0::detail::shm
