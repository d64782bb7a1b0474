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
int fatal_signal = SIGKILL;
pid_t armed = 0;   // only this process, when it is not 0
pid_t spared = 0;  // any process but this one, when it is not 0
StepTrace* trace = nullptr;
const char* act_name = nullptr;
std::function<void()> act_once;

void write_name(char (&to)[StepTrace::kNameBytes], const char* name) {
    std::strncpy(to, name, StepTrace::kNameBytes - 1);
}

[[maybe_unused]] void arrive(const char* name) {
    const pid_t self = ::getpid();
    if ((armed != 0 && armed != self) || (spared != 0 && spared == self)) return;
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
    ::kill(self, fatal_signal);
    while (fatal_signal == SIGKILL) ::pause();
}

void arm(unsigned n, int signal) {
    steps.store(0);
    fatal = n;
    fatal_signal = signal;
#ifdef PROCESSION_KILL_POINTS
    base::step_hook.store(arrive);
#endif
}

}  // namespace

void die_at_step(unsigned n) {
    armed = ::getpid();
    spared = 0;
    arm(n, SIGKILL);
}
void fork_children_die_at_step(unsigned n) {
    armed = 0;
    spared = ::getpid();
    arm(n, SIGKILL);
}
void stop_at_step(unsigned n) {
    die_at_step(0);
    arm(n, SIGSTOP);
}
void at_step(const char* name, std::function<void()> act) {
    act_name = name;
    act_once = std::move(act);
    die_at_step(0);
}
void stop_at_step(const char* name) {
    at_step(name, [] { ::raise(SIGSTOP); });
}
void record_steps() { die_at_step(0); }
unsigned steps_so_far() { return steps.load(); }
std::string last_step() { return shared().last; }
void trace_steps_into(StepTrace* to) { trace = to; }

}  // namespace procession::testing
