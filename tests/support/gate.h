// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "os/handle.h"

namespace procession::testing {

using namespace detail;

/// A pipe whose reader waits until the test opens the gate, or ends.
class Gate {
  public:
    Gate() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
            throw std::system_error(errno, std::generic_category(), "pipe2");
        }
        reader_.reset(ends[0]);
        writer_.reset(ends[1]);
    }
    /// In a child: until the parent has opened it.
    void wait() {
        writer_.reset();
        char byte = 0;
        while (::read(reader_.get(), &byte, 1) < 0 && errno == EINTR) {}
    }
    void open() { writer_.reset(); }
    /// The same, for one waiter, though others have inherited the gate.
    void let_one_pass() {
        const char byte = 0;
        if (::write(writer_.get(), &byte, 1) != 1) {
            throw std::system_error(errno, std::generic_category(), "write");
        }
    }
    [[nodiscard]] int reader() const { return reader_.get(); }
    [[nodiscard]] int writer() const { return writer_.get(); }

  private:
    os::Handle reader_;
    os::Handle writer_;
};

/// Waits until the child has stopped. False when it ended instead.
[[nodiscard]] inline bool until_stopped(int pid) {
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WSTOPPED | WEXITED | WNOWAIT) != 0) {
        if (errno != EINTR) return false;
    }
    return info.si_code == CLD_STOPPED || info.si_code == CLD_TRAPPED;
}

/// Kills a child that is no procession::Process, and collects it: no other code hears of its end.
inline void kill_and_collect(int pid) {
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
}

}  // namespace procession::testing
