// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/child.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include "base/step.h"
#include "os/linux/calls.h"
#include "os/linux/file_io.h"

namespace procession::inline v0::detail::os {

namespace {

std::error_code system_error(int number) noexcept { return {number, std::generic_category()}; }

/// The file actions of one posix_spawn, which keep these descriptors open across exec, under the
/// same numbers.
class KeptOpen {
  public:
    explicit KeptOpen(const std::vector<NativeHandle>& kept) noexcept {
        problem_ = calls::posix_spawn_init(&actions_);
        if (problem_ != 0) return;
        made_ = true;
        // dup2 of a descriptor onto itself clears CLOEXEC, only in the child (POSIX.1-2024; glibc
        // since 2.29).
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

/// The signal settings of one posix_spawn: no signal is blocked, and SIGTERM ends the child.
class DefaultSignals {
  public:
    DefaultSignals() noexcept {
        problem_ = calls::posix_spawn_attributes(&attributes_);
        if (problem_ != 0) return;
        made_ = true;
        sigset_t set;
        sigemptyset(&set);
        // None of these can fail with these arguments.
        ::posix_spawnattr_setsigmask(&attributes_, &set);
        sigaddset(&set, SIGTERM);
        ::posix_spawnattr_setsigdefault(&attributes_, &set);
        ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    ~DefaultSignals() {
        if (made_) ::posix_spawnattr_destroy(&attributes_);
    }
    DefaultSignals(const DefaultSignals&) = delete;
    DefaultSignals& operator=(const DefaultSignals&) = delete;

    [[nodiscard]] int problem() const noexcept { return problem_; }
    [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

  private:
    posix_spawnattr_t attributes_{};
    int problem_ = 0;
    bool made_ = false;
};

// Only this process reaps its children, so the pid still belongs to that child. The exception: the
// program ignores SIGCHLD, and the child has ended already. Then any readable handle can be the
// sentinel, since it reports correctly that the child has ended.
void open_sentinel(Child& child) noexcept {
    child.sentinel.reset(calls::pidfd_open(child.pid));
    if (!child.sentinel.valid() && errno == ESRCH)
        child.sentinel.reset(calls::eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
}

// Without a sentinel this process can neither wait for the child nor signal it safely, so the start
// is undone.
std::error_code abandon(Child& child) noexcept {
    const int problem = errno;
    calls::kill(child.pid, SIGKILL);
    calls::uninterrupted([&] { return calls::waitpid(child.pid, nullptr, 0); });
    child.pid = 0;
    return system_error(problem);
}

std::error_code spawn(const char* path, const SpawnPlan& plan, Child& started) {
    std::vector<char*> arguments;
    // NOLINTNEXTLINE(performance-inefficient-vector-operation)  few
    for (const auto& each : plan.arguments) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    const KeptOpen kept(plan.inherited);
    if (kept.problem() != 0) return system_error(kept.problem());
    const DefaultSignals signals;
    if (signals.problem() != 0) return system_error(signals.problem());
    pid_t pid = 0;
    const int problem =
        calls::posix_spawn(&pid, path, kept.get(), signals.get(), arguments.data(), environ);
    if (problem != 0) return system_error(problem);
    started.pid = pid;
    PROCESSION_STEP("start.spawned");
    open_sentinel(started);
    return started.sentinel.valid() ? std::error_code{} : abandon(started);
}

/// Creates a file in memory that may be executed. Since Linux 6.3 this needs MFD_EXEC, because an
/// administrator can make files not executable by default; older kernels do not know the flag.
std::error_code make_executable_file(std::span<const std::byte> image, Handle& made) noexcept {
    constexpr unsigned may_be_executed = 0x10;  // MFD_EXEC, which is not in all headers
    const char* const name = "procession-broker";
    Handle file(calls::memfd_create(name, MFD_CLOEXEC | may_be_executed));
    if (!file.valid() && errno == EINVAL) file.reset(calls::memfd_create(name, MFD_CLOEXEC));
    if (!file.valid()) return calls::last_error();
    if (const auto problem = write_all(file, image)) return problem;
    made = std::move(file);
    return {};
}

}  // namespace

std::error_code spawn_same_program(const SpawnPlan& plan, Child& started) {
    return spawn("/proc/self/exe", plan, started);
}

// The path is resolved in the child, which has the file open until exec.
std::error_code spawn_program(std::span<const std::byte> image, const SpawnPlan& plan,
                              Child& started) {
    Handle file;
    if (const auto problem = make_executable_file(image, file)) return problem;
    return spawn(("/proc/self/fd/" + std::to_string(file.get())).c_str(), plan, started);
}

std::string first_argument() {
    const Handle file = open_to_read("/proc/self/cmdline");
    std::string line;
    char text[512];
    for (ssize_t got = 1; file.valid() && got > 0;) {
        got = calls::uninterrupted([&] { return calls::read(file.get(), text, sizeof text); });
        if (got > 0) line.append(text, static_cast<std::size_t>(got));
    }
    const std::size_t name = line.find('\0');
    return name != std::string::npos ? std::string(line.c_str() + name + 1) : std::string();
}

// If the user started the dynamic loader with the program as an argument, /proc/self/exe is the
// loader, and another process would be the loader with the child's arguments.
StartObstacle find_start_obstacle() noexcept {
    char text[4096];
    const ssize_t length = calls::readlink("/proc/self/exe", text, sizeof text);
    if (length <= 0) {
        const int number = length < 0 ? errno : ENOENT;
        return {
            "this process cannot see /proc/self/exe, which it needs to start another process of "
            "its program (chroot, no /proc, a filter of system calls?); start children before it "
            "confines itself, or use fork",
            system_error(number)};
    }
    std::string_view name(text, static_cast<std::size_t>(length));
    name.remove_prefix(name.rfind('/') + 1);
    const bool is_loader =
        name == "ld.so" || (name.starts_with("ld-") && name.find(".so") != name.npos);
    if (!is_loader) return {};
    return {
        "this program was started through the dynamic loader (\"ld.so ./program\", as some "
        "AppImages and launchers do), so that the system would start the loader again and not the "
        "program; start the program itself (patchelf --set-interpreter sets the loader it needs), "
        "or use fork",
        {}};
}

std::error_code fork_self(Child& started) noexcept {
    const pid_t pid = calls::fork();
    if (pid < 0) return calls::last_error();
    started.pid = pid;
    if (pid == 0) return {};
    PROCESSION_STEP("start.forked");
    open_sentinel(started);
    return started.sentinel.valid() ? std::error_code{} : abandon(started);
}

void send_exit_status(const Handle& status_channel, int exit_code) noexcept {
    const std::int32_t code = exit_code;
    // May fail, when the receiver has ended.
    static_cast<void>(calls::uninterrupted([&] {
        return calls::send(status_channel.get(), &code, sizeof code, MSG_NOSIGNAL | MSG_DONTWAIT);
    }));
}

namespace {

// For a child whose parent is another process. When the sentinel becomes ready, the parent is about
// to send the exit status, or has ended itself. This waits for that, so that a caller that sees the
// sentinel ready also gets the exit status; but for one second at most, in case the parent is
// stopped.
std::optional<ExitStatus> receive_exit_status(const Child& child) noexcept {
    pollfd ended{child.sentinel.get(), POLLIN, 0};
    if (calls::uninterrupted([&] { return calls::poll(&ended, 1, 0); }) == 0) return std::nullopt;
    constexpr int kWaitMs = 1000;
    pollfd status{child.status_channel.get(), POLLIN, 0};
    if (calls::uninterrupted([&] { return calls::poll(&status, 1, kWaitMs); }) == 0)
        return std::nullopt;
    std::int32_t code = 0;
    const ssize_t got = calls::uninterrupted(
        [&] { return calls::recv(status.fd, &code, sizeof code, MSG_DONTWAIT); });
    return got == sizeof code ? ExitStatus{code} : ExitStatus{};
}

}  // namespace

std::optional<ExitStatus> reap(const Child& child) noexcept {
    if (child.status_channel.valid()) return receive_exit_status(child);
    siginfo_t info{};
    const auto id = static_cast<id_t>(child.sentinel.get());
    const int result =
        calls::uninterrupted([&] { return calls::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG); });
    if (result != 0) return ExitStatus{};
    if (info.si_pid == 0) return std::nullopt;
    return ExitStatus{info.si_code == CLD_EXITED ? info.si_status : -info.si_status};
}

std::error_code send_signal(const Child& child, int signal) noexcept {
    if (calls::pidfd_send_signal(child.sentinel.get(), signal) == 0) return {};
    // EBADF: the sentinel is an eventfd, see open_sentinel().
    const bool has_ended = errno == ESRCH || errno == EBADF;
    return has_ended ? std::error_code{} : calls::last_error();
}

void set_process_name(const char* program) noexcept {
    const char* slash = std::strrchr(program, '/');
    calls::name_thread(slash != nullptr ? slash + 1 : program);
}

void redirect_stdio_to_null() noexcept {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) {
        calls::close(stream);
        // open() returns the lowest free number, which is this one.
        [[maybe_unused]] const int reopened = calls::open("/dev/null", O_RDWR);
    }
}

int current_process_id() noexcept { return calls::getpid(); }

void exit_immediately(int code) noexcept { calls::exit_now(code); }

}  // namespace procession::inline v0::detail::os
