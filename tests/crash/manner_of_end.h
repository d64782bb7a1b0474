// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <csetjmp>
#include <csignal>

#include "crash/script.h"
#include "support/sudden_death.h"

namespace procession::testing {

/// How a victim ends at a step, where it is not killed: what a signal handler does that interrupts
/// it there.
struct MannerOfEnd {
    const char* name;
    void (*act)();
};

inline sigjmp_buf& way_out() {
    static sigjmp_buf buffer;
    return buffer;
}

/// The queue of this process, which is a victim.
inline const QueueHandle* victims_queue = nullptr;

/// The life of a victim that comes to an orderly end at a disorderly moment. One that leaves the
/// operation by siglongjmp closes the queue and stops, alive, to be collected by the parent.
template <class Queue>
[[noreturn]] void live_and_end(const Queue& queue, BlackBox& box, const Script& script, unsigned n,
                               const MannerOfEnd& manner) {
    if (sigsetjmp(way_out(), 1) == 0) {
        victims_queue = &queue;
        ignore_leaks_of_this_process();
        end_by(manner.act);
        die_at_step(n);
        live(queue, box, script);
        ::_exit(0);
    }
    die_at_step(0);
    try {
        queue.close();
        ::raise(SIGSTOP);
    } catch (const ValueError&) {
        // longjmp has skipped the end of a loan: what is lent is this process's until it ends.
    }
    ::_exit(0);
}

}  // namespace procession::testing
