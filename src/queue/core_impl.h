// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "procession/error.h"
#include "queue/core.h"
#include "ring/corrupt.h"

namespace procession::queue {

/// Holds one of the queue's locks; its destructor releases it, whatever is thrown.
class Core::Lock {
  public:
    Lock() = default;
    explicit Lock(std::atomic<std::uint32_t>& word) : word_(&word) {}
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock() { release(); }

    void release() noexcept {
        if (word_ != nullptr) sync::OwnerLock::release(*word_);
        word_ = nullptr;
    }

  private:
    std::atomic<std::uint32_t>* word_ = nullptr;
};

inline Core::Actor Core::self(Deadline until) {
    const std::uint32_t known = membership_.slot();
    return {known != shm::Membership::kNone ? known : own_slot(), until};
}

inline void Core::check_open(std::string_view operation) const {
    if (is_closed() || segment_.is_poisoned()) [[unlikely]]
        refuse_use(operation);
}

/// Marks an operation of this process as under way: close() waits for those.
class Core::Inside {
  public:
    Inside(Core& core, std::string_view operation) : core_(core) {
        // seq_cst: either close() sees this operation, or the operation sees the closing
        core_.inside_.fetch_add(1);
        try {
            core_.check_open(operation);
        } catch (...) {
            leave();
            throw;
        }
    }
    ~Inside() { leave(); }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

  private:
    void leave() noexcept {
        const bool last = core_.inside_.fetch_sub(1) == 1;
        if (last && core_.closed_.load()) os::wake(core_.inside_, 1);
    }
    Core& core_;
};

template <class Work>
auto Core::guarded(std::string_view operation, Work work) {
    try {
        if (membership_.is_unprepared_child()) [[unlikely]]
            prepare_child();
        const Inside inside(*this, operation);
        try {
            return work();
        } catch (const ring::Corrupt& corrupt) {
            segment_.poison();
            throw CorruptSegment(operation, label(),
                                 std::string("the shared memory is corrupt: ") + corrupt.what +
                                     "; abandon this queue and make a new one");
        }
    } catch (const Ending&) {
        // The process is about to end. Until then this thread waits, as it would have.
        for (std::atomic<std::uint32_t> never{0};;) os::park(never, 0, std::chrono::hours(1));
    }
}

}  // namespace procession::queue
