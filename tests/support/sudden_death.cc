// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/sudden_death.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <utility>

#include "base/step.h"

namespace procession::testing {

namespace {

struct Shared {
    char last[StepTrace::kNameBytes];
};

Shared& shared() {
    static Shared* memory = static_cast<Shared*>(
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *memory;
}

std::atomic<unsigned> steps{0};
unsigned fatal = 0;
pid_t spared = 0;  // this process counts no steps: its fork children do
StepTrace* trace = nullptr;
const char* act_name = nullptr;
std::function<void()> act_once;

void write_name(char (&to)[StepTrace::kNameBytes], const char* name) {
    std::strncpy(to, name, StepTrace::kNameBytes - 1);
}

[[maybe_unused]] void arrive(const char* name) {
    if (spared != 0 && spared == ::getpid()) return;
    if (act_name != nullptr && std::strcmp(act_name, name) == 0) {
        act_name = nullptr;
        std::exchange(act_once, nullptr)();
    }
    const unsigned step = steps.fetch_add(1) + 1;
    if (trace != nullptr && trace->keeps_names) {
        const unsigned at = trace->count.fetch_add(1);
        if (at < StepTrace::kNamesMax) write_name(trace->names[at], name);
    }
    if (step != fatal) return;
    write_name(shared().last, name);
    if (trace != nullptr) write_name(trace->last, name);
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

void arm(unsigned n) {
    steps.store(0);
    fatal = n;
#ifdef PROCESSION_KILL_POINTS
    base::step_hook.store(arrive);
#endif
}

}  // namespace

void die_at_step(unsigned n) {
    spared = 0;
    arm(n);
}
void fork_children_die_at_step(unsigned n) {
    spared = ::getpid();
    arm(n);
}
void at_step(const char* name, std::function<void()> act) {
    act_name = name;
    act_once = std::move(act);
    arm(0);
}
void stop_at_step(const char* name) {
    at_step(name, [] { ::raise(SIGSTOP); });
}
void record_steps() { arm(0); }
unsigned steps_so_far() { return steps.load(); }
std::string last_step() { return shared().last; }
void trace_steps_into(StepTrace* to) { trace = to; }

}  // namespace procession::testing
