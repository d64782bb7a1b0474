// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <csetjmp>
#include <csignal>

#include "procession/error.h"
#include "support/sudden_death.h"

namespace procession::death {

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

/// The object of this process, which is a victim.
template <class Subject>
inline const typename Subject::Object* victims_object = nullptr;

/// The life of a victim that comes to an orderly end at a disorderly moment. One that leaves the
/// operation by siglongjmp, closes the object and stops, alive, to be collected by the parent.
template <class Close, class Life>
[[noreturn]] void end_by_manner(const MannerOfEnd& manner, Close close, Life life) {
    if (sigsetjmp(way_out(), 1) == 0) {
        testing::ignore_leaks_of_this_process();
        testing::end_by(manner.act);
        life();
        ::_exit(0);
    }
    testing::die_at_step(0);
    try {
        close();
        ::raise(SIGSTOP);
    } catch (const ValueError&) {
        // longjmp has skipped the end of a loan: what is lent is this process's until it ends.
    }
    ::_exit(0);
}

}  // namespace procession::death
