// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "base/logging.h"
#include "os/threads.h"
#include "queue/core.h"
#include "queue/core_impl.h"

// A variable of namespace scope is one queue for a program and its forked children, but another one
// in each process that is a fresh start of the program.

namespace procession::queue {

void Core::suspect_unshared() noexcept {
    if (loans_.load() != 0) return;
    try {
        // From now on this process is no participant, so that its next operation passes own_slot().
        const std::uint32_t slot = participants_.slot();
        if (slot != shm::ParticipantTable::kNone) {
            take_over_all(slot, Holder::leaving, {slot, Deadline::now()});
            participants_.leave();
        }
        seems_unshared_.store(true, std::memory_order_relaxed);  // relaxed: one thread exists
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "%s: %s", label().c_str(), failed.what());
    } catch (const shm::Corrupt&) {
        segment_.poison();
    }
}

// Under `joining_`.
void Core::check_unshared() {
    // relaxed: a hint that changes nothing else
    if (!seems_unshared_.load(std::memory_order_relaxed)) return;
    if (os::count_threads() == 1) {
        throw SharingError(
            "use", label(),
            "it is not the queue of the process that started this one: each of them made a queue "
            "of its own when it began (a variable of namespace scope?), and no other process sees "
            "what is put here. Pass the queue to the child as an argument. A queue for the threads "
            "of one process is made inside of a function, as a static local say");
    }
    seems_unshared_.store(false, std::memory_order_relaxed);
    base::log(LogLevel::warning,
              "%s is used in a child, but it is not the queue of the process that started it: each "
              "of them made one when it began (a variable of namespace scope?). Pass it as an "
              "argument; if it is for the threads of this process, make it inside of a function",
              label().c_str());
}

}  // namespace procession::queue
