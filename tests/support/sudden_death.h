// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <functional>
#include <string>

namespace procession::testing {

/// Arms this process (a fork child): it dies by SIGKILL at its n-th protocol step from now, counted
/// from 1 over all of its threads. Its own fork children are not armed. Needs a build with kill
/// points.
void die_at_step(unsigned n);
/// What happens at that step instead of SIGKILL, in a handler of a signal that the thread gets
/// there. It may come back: then the process goes on. nullptr: SIGKILL again.
void end_by(void (*manner)());
/// In a child that leaves by exit(): a leak detector is not to look. What another thread, or an
/// operation that was cut short, may have been writing is left alone on purpose.
void ignore_leaks_of_this_process();
/// For the manner: this is an end, and is written down as one.
void mark_end();
/// Arms the children that this process forks from now on: each dies at its own n-th step. This
/// process itself lives on.
void fork_children_die_at_step(unsigned n);
/// Arms this process to stop itself (SIGSTOP) at its n-th step.
void stop_at_step(unsigned n);
/// Arms this process to stop itself when it next arrives at the named step, once.
void stop_at_step(const char* name);
/// Runs something when this process next arrives at the named step, once.
void at_step(const char* name, std::function<void()> act);
/// Counts steps, and keeps their names, without dying.
void record_steps();
[[nodiscard]] unsigned steps_so_far();
/// The name of the step at which the process last arrived; in memory shared with children made
/// after the first call.
[[nodiscard]] std::string last_step();

/// Where a process writes down its steps, in memory that outlives it.
struct StepTrace {
    static constexpr unsigned kNamesMax = 4096;
    static constexpr unsigned kNameBytes = 48;

    char last[kNameBytes];  // where it died
    bool keeps_names;
    std::atomic<unsigned> count;
    char names[kNamesMax][kNameBytes];  // with keeps_names, in order
};
/// From now on this process and its fork children write here; nullptr ends it.
void trace_steps_into(StepTrace* trace);

}  // namespace procession::testing
