// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/sudden_death.h"

#ifdef _WIN32
#include "os/windows/api.h"
#else
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>
#endif

#include <csignal>
#include <cstring>
#include <thread>
#include <utility>

#include "base/step.h"
#include "os/child.h"
#include "os/signals.h"

static bool leaks_are_ignored = false;
// Asked by LeakSanitizer, see sanitizer/lsan_interface.h.
extern "C" int __lsan_is_turned_off() { return leaks_are_ignored ? 1 : 0; }

namespace procession::testing {

using namespace detail;

namespace {

struct Shared {
    char last[StepTrace::kNameBytes];
};

#ifdef _WIN32

// There are no fork children to share it with, and nothing stops a process.
Shared& shared() {
    static Shared memory{};
    return memory;
}
enum : int { SIGKILL = os::signal_kill, SIGSTOP = 19 };
int self_id() { return os::current_process_id(); }
void send_to_self(int signal) {
    if (signal == SIGKILL)
        ::TerminateProcess(::GetCurrentProcess(), os::exit_code_of_signals | os::signal_kill);
}
void wait_for_the_end() {
    for (;;) std::this_thread::yield();
}

#else

Shared& shared() {
    static Shared* memory = static_cast<Shared*>(
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *memory;
}
int self_id() { return ::getpid(); }
void send_to_self(int signal) { ::kill(::getpid(), signal); }
void wait_for_the_end() { ::pause(); }

#endif

std::atomic<unsigned> steps{0};
unsigned fatal = 0;
int fatal_signal = SIGKILL;
void (*manner_of_end)() = nullptr;
int armed = 0;   // only this process, when it is not 0
int spared = 0;  // any process but this one, when it is not 0
StepTrace* trace = nullptr;
const char* act_name = nullptr;
std::function<void()> act_once;

void write_name(char (&to)[StepTrace::kNameBytes], const char* name) {
    std::strncpy(to, name, StepTrace::kNameBytes - 1);
}

[[maybe_unused]] void arrive(const char* name) {
    const int self = self_id();
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
#ifndef _WIN32
    if (manner_of_end != nullptr) {
        std::signal(SIGUSR1, [](int) { manner_of_end(); });
        std::raise(SIGUSR1);
        return;
    }
#endif
    write_name(shared().last, name);
    if (trace != nullptr) write_name(trace->last, name);
    send_to_self(fatal_signal);
    while (fatal_signal == SIGKILL) wait_for_the_end();
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
    armed = self_id();
    spared = 0;
    arm(n, SIGKILL);
}
void ignore_leaks_of_this_process() { leaks_are_ignored = true; }
void end_by(void (*manner)()) { manner_of_end = manner; }
void mark_end() {
    write_name(shared().last, "an end that is no death");
    if (trace != nullptr) write_name(trace->last, "an end that is no death");
}
void fork_children_die_at_step(unsigned n) {
    armed = 0;
    spared = self_id();
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
    at_step(name, [] { send_to_self(SIGSTOP); });
}
void record_steps() { die_at_step(0); }
unsigned steps_so_far() { return steps.load(); }
std::string last_step() { return shared().last; }
void trace_steps_into(StepTrace* to) { trace = to; }

}  // namespace procession::testing
