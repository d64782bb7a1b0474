// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/logging.h"
#include "os/cancellation.h"
#include "procession/error.h"
#include "queue/core.h"
#include "shm/active_operations.h"
#include "shm/corrupt.h"

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
        if (word_ != nullptr) shm::RobustLock::release(*word_);
        word_ = nullptr;
    }

  private:
    std::atomic<std::uint32_t>* word_ = nullptr;
};

/// Part of an operation that may wait: its wake-up was meant for a thread that takes the item, or
/// the room. If the operation takes nothing, this wakes another thread when it ends, however it
/// ends.
class Core::Baton {
  public:
    Baton(Core& core, void (Core::*pass_on)() noexcept) : core_(core), pass_on_(pass_on) {}
    Baton(const Baton&) = delete;
    Baton& operator=(const Baton&) = delete;
    ~Baton() {
        if (!used_) (core_.*pass_on_)();
    }

    void use() noexcept { used_ = true; }

  private:
    Core& core_;
    void (Core::*pass_on_)() noexcept;
    bool used_ = false;
};

inline Actor Core::self(Deadline until) {
    const std::uint32_t known = participants_.slot();
    return {known != shm::ParticipantTable::kNone ? known : own_slot(), until};
}

/// Marks an operation of this thread as under way: close() waits for those. An operation looks at
/// `gate_` after it has made one.
class Core::Inside : shm::OperationGuard {
  public:
    explicit Inside(Core& core) : OperationGuard(&core), core_(core) {}
    ~Inside() {
        leave();
        if (core_.gate_.load(std::memory_order_relaxed) != 0) [[unlikely]]
            core_.after_leaving();
    }
    Inside(const Inside&) = delete;
    Inside& operator=(const Inside&) = delete;

    using OperationGuard::is_nested;
    /// The slot of this process, which stays the same as long as this object lives; kNone where the
    /// operation may not take the usual way.
    [[nodiscard]] std::uint32_t slot() const noexcept {
        return core_.is_usable() && !is_nested() ? core_.participants_.slot()
                                                 : shm::ParticipantTable::kNone;
    }

  private:
    Core& core_;
};

/// Whether this process may act in the segment at all.
inline bool Core::is_usable() const noexcept {
    return gate_.load(std::memory_order_relaxed) == 0 && !segment_.is_poisoned();
}

inline bool Core::is_over() const noexcept {
    return gate_.load(std::memory_order_relaxed) != 0 ||
           state_.shutdown.load(std::memory_order_relaxed) != kOpen;
}

inline bool Core::owes_an_error() const noexcept {
    return owed_.load(std::memory_order_relaxed) != nullptr;
}

inline bool Core::drops_items() const {
    return state_.shutdown.load(std::memory_order_acquire) == kImmediate;
}

/// This thread's book, with room for so many leases more. Throws: std::bad_alloc.
inline LeaseBook& Core::book_with_room(std::size_t more) {
    LeaseBook& book = lease_books_.get().of_this_thread();
    book.reserve(more, [this](const Ticket& ticket) { return is_open(ticket); });
    return book;
}

inline Ticket Core::ticket_of(Position at, std::uint32_t deliveries) const noexcept {
    // relaxed: constant while the chunk holds an item of ours
    const auto first = log_.header_at(at.chunk).first_count.load(std::memory_order_relaxed);
    return {at.pack(), first, deliveries, participants_.generation()};
}

inline void Core::check_open(std::string_view operation) const {
    if (!is_usable()) [[unlikely]]
        refuse_use(operation);
}

template <class Work>
auto Core::refusing_corruption(std::string_view operation, Work work) {
    try {
        return work();
    } catch (const shm::Corrupt& corrupt) {
        segment_.poison();
        throw CorruptSegment(operation, label(),
                             std::string("the shared memory is corrupt: ") + corrupt.what +
                                 "; abandon this queue and make a new one");
    }
}

template <class Work>
auto Core::guarded(std::string_view operation, Work work) {
    const os::CancellationDisabled no_cancellation;
    const base::LogHold no_log;
    for (;;) {
        try {
            if (participants_.is_unprepared_child()) [[unlikely]]
                prepare_child();
            const Inside inside(*this);
            begin_operation(operation, inside.is_nested());
            return refusing_corruption(operation, work);
        } catch (const Ending&) {
            wait_for_the_end();
        } catch (const CutShort&) {
            come_back(operation);
        }
    }
}

}  // namespace procession::queue
