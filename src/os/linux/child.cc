// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/child.h"

#include <cerrno>
#include <csignal>
#include <cstring>

#include "base/step.h"
#include "os/linux/calls.h"

namespace procession::os {

namespace {

std::error_code system_error(int number) noexcept { return {number, std::generic_category()}; }

/// The file actions of one posix_spawn: keep these descriptors open across exec, under their
/// numbers.
class KeptOpen {
  public:
    explicit KeptOpen(const std::vector<NativeHandle>& kept) noexcept {
        problem_ = calls::posix_spawn_init(&actions_);
        if (problem_ != 0) return;
        made_ = true;
        // dup2 onto itself clears CLOEXEC in the child alone (POSIX.1-2024; glibc since 2.29).
        for (const NativeHandle each : kept) {
            problem_ = calls::posix_spawn_adddup2(&actions_, each, each);
            if (problem_ != 0) return;
        }
    }
    ~KeptOpen() {
        if (made_) ::posix_spawn_file_actions_destroy(&actions_);
    }
    KeptOpen(const KeptOpen&) = delete;
    KeptOpen& operator=(const KeptOpen&) = delete;

    [[nodiscard]] int problem() const noexcept { return problem_; }
    [[nodiscard]] const posix_spawn_file_actions_t* get() const noexcept { return &actions_; }

  private:
    posix_spawn_file_actions_t actions_{};
    int problem_ = 0;
    bool made_ = false;
};

// Nobody but us collects our children, so the number is still that child's, unless the program
// ignores SIGCHLD and the child has ended already: then any handle that is readable says the truth.
void open_sentinel(Child& child) noexcept {
    child.sentinel.reset(calls::pidfd_open(child.pid));
    if (!child.sentinel.valid() && errno == ESRCH)
        child.sentinel.reset(calls::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
}

// Without a sentinel we could neither wait for the child nor signal it safely: undo the start.
std::error_code abandon(Child& child) noexcept {
    const int problem = errno;
    calls::kill(child.pid, SIGKILL);
    while (calls::waitpid(child.pid, nullptr, 0) < 0 && errno == EINTR) {}
    child.pid = 0;
    return system_error(problem);
}

}  // namespace

std::error_code spawn_same_program(const SpawnPlan& plan, Child& started) {
    std::vector<char*> arguments;
    // NOLINTNEXTLINE(performance-inefficient-vector-operation)  few
    for (const auto& each : plan.arguments) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    const KeptOpen kept(plan.inherited);
    if (kept.problem() != 0) return system_error(kept.problem());
    pid_t pid = 0;
    const int problem =
        calls::posix_spawn(&pid, "/proc/self/exe", kept.get(), arguments.data(), environ);
    if (problem != 0) return system_error(problem);
    started.pid = pid;
    PROCESSION_STEP("start.spawned");
    open_sentinel(started);
    return started.sentinel.valid() ? std::error_code{} : abandon(started);
}

std::error_code fork_self(Child& started) noexcept {
    const pid_t pid = calls::fork();
    if (pid < 0) return system_error(errno);
    started.pid = pid;
    if (pid == 0) return {};
    PROCESSION_STEP("start.forked");
    open_sentinel(started);
    return started.sentinel.valid() ? std::error_code{} : abandon(started);
}

void tell_ending(const Handle& teller, int exit_code) noexcept {
    const std::int32_t told = exit_code;
    // Nobody may listen any more.
    static_cast<void>(calls::uninterrupted([&] {
        return calls::send(teller.get(), &told, sizeof told, MSG_NOSIGNAL | MSG_DONTWAIT);
    }));
}

namespace {

// Its parent is another process. It has ended when the sentinel says so; its parent tells how a
// moment later, or has ended itself. That moment is waited for, so that who sees the sentinel sees
// the end; but not longer than a second for a parent that is stopped.
std::optional<Ending> hear_ending(const Child& child) noexcept {
    pollfd ended{child.sentinel.get(), POLLIN, 0};
    if (calls::uninterrupted([&] { return calls::poll(&ended, 1, 0); }) == 0) return std::nullopt;
    constexpr int kMomentMs = 1000;
    pollfd tells{child.told.get(), POLLIN, 0};
    if (calls::uninterrupted([&] { return calls::poll(&tells, 1, kMomentMs); }) == 0)
        return std::nullopt;
    std::int32_t told = 0;
    const ssize_t got = calls::uninterrupted(
        [&] { return calls::recv(child.told.get(), &told, sizeof told, MSG_DONTWAIT); });
    return got == sizeof told ? Ending{told} : Ending{};
}

}  // namespace

std::optional<Ending> collect(const Child& child) noexcept {
    if (child.told.valid()) return hear_ending(child);
    for (;;) {
        siginfo_t info{};
        const auto id = static_cast<id_t>(child.sentinel.get());
        if (calls::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG) == 0) {
            if (info.si_pid == 0) return std::nullopt;
            return Ending{info.si_code == CLD_EXITED ? info.si_status : -info.si_status};
        }
        if (errno != EINTR) return Ending{};
    }
}

std::error_code send_signal(const Child& child, int signal) noexcept {
    if (calls::pidfd_send_signal(child.sentinel.get(), signal) == 0) return {};
    const bool ended = errno == ESRCH || errno == EBADF;  // EBADF: the stand-in of open_sentinel
    return ended ? std::error_code{} : system_error(errno);
}

void name_this_process(const char* program) noexcept {
    const char* slash = std::strrchr(program, '/');
    calls::name_thread(slash != nullptr ? slash + 1 : program);
}

void let_go_of_standard_streams() noexcept {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) {
        calls::close(stream);
        // The lowest number that is free: this one.
        [[maybe_unused]] const int reopened = calls::open("/dev/null", O_RDWR);
    }
}

int this_process() noexcept { return calls::getpid(); }

void exit_at_once(int code) noexcept { calls::exit_now(code); }

}  // namespace procession::os
