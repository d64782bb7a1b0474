// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/tracee.h"

#include <dlfcn.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <system_error>

namespace procession::death {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int wait_for(pid_t pid) {
    int status = 0;
    while (::waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR) fail("waitpid");
    }
    return status;
}

}  // namespace

Tracee::Tracee(const std::function<void()>& life) {
    const pid_t parent = ::getpid();
    pid_ = ::fork();
    if (pid_ < 0) fail("fork");
    if (pid_ == 0) {
        ::prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (::getppid() != parent || ::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) {
            ::_exit(2);
        }
        life();
        ::_exit(3);
    }
    const int status = wait_for(pid_);
    if (!WIFSTOPPED(status)) {
        pid_ = -1;
        throw std::runtime_error("a child ended before its observed part; is ptrace(2) allowed?");
    }
    if (::ptrace(PTRACE_SETOPTIONS, pid_, nullptr, PTRACE_O_EXITKILL) != 0) fail("ptrace");
}

std::uintptr_t Tracee::instruction() const {
    errno = 0;
    const long at = ::ptrace(PTRACE_PEEKUSER, pid_, offsetof(user_regs_struct, rip), nullptr);
    if (errno != 0) fail("ptrace");
    return static_cast<std::uintptr_t>(at);
}

bool Tracee::step() {
    if (::ptrace(PTRACE_SINGLESTEP, pid_, nullptr, nullptr) != 0) fail("ptrace");
    const int status = wait_for(pid_);
    if (!WIFSTOPPED(status)) {
        pid_ = -1;
        return false;
    }
    if (WSTOPSIG(status) != SIGTRAP) {
        throw std::runtime_error("a stepped child got signal " + std::to_string(WSTOPSIG(status)) +
                                 " at " + place());
    }
    const std::uintptr_t now = instruction();
    repeating_ = now == last_;
    last_ = now;
    return true;
}

bool Tracee::is_about_to_sleep() const {
    // The child's code lies where ours does: it is a fork.
    const auto* code = reinterpret_cast<const unsigned char*>(last_ != 0 ? last_ : instruction());
    if (code[0] != 0x0f || code[1] != 0x05) return false;  // syscall
    user_regs_struct registers{};
    if (::ptrace(PTRACE_GETREGS, pid_, nullptr, &registers) != 0) fail("ptrace");
    return registers.rax == SYS_futex && (registers.rsi & FUTEX_CMD_MASK) == FUTEX_WAIT;
}

void Tracee::kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    // A tracee may report a stop that was under way before its end.
    for (int status = wait_for(pid_); WIFSTOPPED(status); status = wait_for(pid_)) {}
    pid_ = -1;
}

std::string Tracee::place() const {
    if (pid_ < 0) return "its end";
    const std::uintptr_t at = instruction();
    Dl_info info{};
    if (::dladdr(reinterpret_cast<void*>(at), &info) == 0) return "an unknown place";
    char text[256];
    std::snprintf(text, sizeof text, "%s+0x%zx", info.dli_fname,
                  at - reinterpret_cast<std::uintptr_t>(info.dli_fbase));
    return text;
}

OneProcessor::OneProcessor() {
    static_assert(sizeof before_ == sizeof(cpu_set_t));
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) != 0) fail("sched_getaffinity");
    std::memcpy(before_, &set, sizeof set);
    const int here = ::sched_getcpu();
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(here), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) fail("sched_setaffinity");
}

OneProcessor::~OneProcessor() {
    cpu_set_t set;
    std::memcpy(&set, before_, sizeof set);
    ::sched_setaffinity(0, sizeof set, &set);
}

}  // namespace procession::death
