// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/sudden_death.h"

#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "base/step.h"

namespace procession::testing {

namespace {

struct Shared {
    char last[64];
};

Shared& shared() {
    static Shared* memory = static_cast<Shared*>(
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    return *memory;
}

unsigned steps = 0;
unsigned fatal = 0;
const char* stop_name = nullptr;

[[maybe_unused]] void arrive(const char* name) {
    if (stop_name != nullptr && std::strcmp(stop_name, name) == 0) {
        stop_name = nullptr;
        ::raise(SIGSTOP);
    }
    ++steps;
    if (steps != fatal) return;
    std::strncpy(shared().last, name, sizeof(Shared::last) - 1);
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

void arm(unsigned n) {
    steps = 0;
    fatal = n;
#ifdef PROCESSION_KILL_POINTS
    base::step_hook.store(arrive);
#endif
}

}  // namespace

void stop_at_step(const char* name) {
    stop_name = name;
    arm(0);
}
void die_at_step(unsigned n) { arm(n); }
void record_steps() { arm(0); }
unsigned steps_so_far() { return steps; }
std::string last_step() { return shared().last; }

}  // namespace procession::testing
