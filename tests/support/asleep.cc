// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/asleep.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace procession::testing {

namespace {

std::string first_line(const std::string& path) {
    std::ifstream stream(path);
    std::string line;
    std::getline(stream, line);
    return line;
}

}  // namespace

void until_asleep(pid_t process, pid_t thread) { until_asleep_in(SYS_futex, process, thread); }

void until_asleep_in(long system_call, pid_t process, pid_t thread) {
    const std::string folder =
        "/proc/" + std::to_string(process) + "/task/" + std::to_string(thread);
    for (;;) {
        const std::string stat = first_line(folder + "/stat");
        const std::size_t end_of_name = stat.rfind(')');
        const bool has_ended = end_of_name == std::string::npos ||
                               stat.find_first_of("ZX", end_of_name) == end_of_name + 2;
        if (has_ended) return;
        // "running", or the number of the system call with its arguments.
        const std::string call = first_line(folder + "/syscall");
        if (call.rfind(std::to_string(system_call) + " ", 0) == 0) return;
        // Where the kernel does not tell: asleep is all we can know.
        if (call.empty() && stat.find('S', end_of_name) == end_of_name + 2) return;
        std::this_thread::yield();
    }
}

pid_t this_thread() { return ::gettid(); }
pid_t this_process() { return ::getpid(); }

}  // namespace procession::testing
