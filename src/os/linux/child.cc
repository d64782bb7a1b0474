// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/child.h"

#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

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

/// How the signals of one posix_spawn begin: none is blocked, and SIGTERM ends the program.
class FreshSignals {
  public:
    FreshSignals() noexcept {
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
    ~FreshSignals() {
        if (made_) ::posix_spawnattr_destroy(&attributes_);
    }
    FreshSignals(const FreshSignals&) = delete;
    FreshSignals& operator=(const FreshSignals&) = delete;

    [[nodiscard]] int problem() const noexcept { return problem_; }
    [[nodiscard]] const posix_spawnattr_t* get() const noexcept { return &attributes_; }

  private:
    posix_spawnattr_t attributes_{};
    int problem_ = 0;
    bool made_ = false;
};

// Only this process collects its children, so the number is still that child's. The exception: the
// program ignores SIGCHLD, and the child has ended already. Then any readable handle serves as the
// sentinel: it says truly that the child has ended.
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

std::error_code spawn(const char* path, const SpawnPlan& plan, Child& started) {
    std::vector<char*> arguments;
    // NOLINTNEXTLINE(performance-inefficient-vector-operation)  few
    for (const auto& each : plan.arguments) arguments.push_back(const_cast<char*>(each.c_str()));
    arguments.push_back(nullptr);
    const KeptOpen kept(plan.inherited);
    if (kept.problem() != 0) return system_error(kept.problem());
    const FreshSignals signals;
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

/// A file in memory that may be executed. MFD_EXEC says so since Linux 6.3, where an administrator
/// may make the opposite the default; older kernels do not know the flag.
std::error_code make_executable_file(std::span<const std::byte> image, Handle& made) noexcept {
    constexpr unsigned may_be_executed = 0x10;  // MFD_EXEC, which is not in all headers
    const char* const name = "procession-broker";
    Handle file(calls::memfd_create(name, MFD_CLOEXEC | may_be_executed));
    if (!file.valid() && errno == EINVAL) file.reset(calls::memfd_create(name, MFD_CLOEXEC));
    if (!file.valid()) return system_error(errno);
    while (!image.empty()) {
        const ssize_t written = calls::uninterrupted(
            [&] { return calls::write(file.get(), image.data(), image.size()); });
        if (written < 0) return system_error(errno);
        image = image.subspan(static_cast<std::size_t>(written));
    }
    made = std::move(file);
    return {};
}

}  // namespace

std::error_code spawn_same_program(const SpawnPlan& plan, Child& started) {
    return spawn("/proc/self/exe", plan, started);
}

// The path is looked up in the child, where the file is open until the program starts.
std::error_code spawn_program(std::span<const std::byte> image, const SpawnPlan& plan,
                              Child& started) {
    Handle file;
    if (const auto problem = make_executable_file(image, file)) return problem;
    return spawn(("/proc/self/fd/" + std::to_string(file.get())).c_str(), plan, started);
}

std::string first_argument() {
    const Handle file(calls::uninterrupted(
        [&] { return calls::open("/proc/self/cmdline", O_RDONLY | O_CLOEXEC); }));
    std::string line;
    char text[512];
    for (ssize_t got = 1; file.valid() && got > 0;) {
        got = calls::uninterrupted([&] { return calls::read(file.get(), text, sizeof text); });
        if (got > 0) line.append(text, static_cast<std::size_t>(got));
    }
    const std::size_t name = line.find('\0');
    return name != std::string::npos ? std::string(line.c_str() + name + 1) : std::string();
}

// When the dynamic loader was given the program as an argument, the kernel knows only the loader: a
// fresh start would be that of the loader, with our arguments taken for its own.
StartObstacle find_start_obstacle() noexcept {
    char text[4096];
    const ssize_t length = calls::readlink("/proc/self/exe", text, sizeof text);
    if (length <= 0) {
        const int number = length < 0 ? errno : ENOENT;
        return {
            "this process cannot see /proc/self/exe, by which it would start its program once "
            "more (chroot, no /proc, a filter of system calls?); start children before it "
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
        "AppImages and launchers do), so that the system would start the loader once more and "
        "not the program; start the program itself (patchelf --set-interpreter sets the loader "
        "it needs), or use fork",
        {}};
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

void send_exit_status(const Handle& status_channel, int exit_code) noexcept {
    const std::int32_t status = exit_code;
    // May fail: perhaps no process listens any more.
    static_cast<void>(calls::uninterrupted([&] {
        return calls::send(status_channel.get(), &status, sizeof status,
                           MSG_NOSIGNAL | MSG_DONTWAIT);
    }));
}

namespace {

// The child's parent is another process. The child has ended when the sentinel says so. A moment
// later its parent tells how, or has itself ended. This waits for that moment, so that a caller
// that sees the sentinel ready also sees the end; but at most one second, in case the parent is
// stopped.
std::optional<Ending> receive_exit_status(const Child& child) noexcept {
    pollfd ended{child.sentinel.get(), POLLIN, 0};
    if (calls::uninterrupted([&] { return calls::poll(&ended, 1, 0); }) == 0) return std::nullopt;
    constexpr int kMomentMs = 1000;
    pollfd has_status{child.status_channel.get(), POLLIN, 0};
    if (calls::uninterrupted([&] { return calls::poll(&has_status, 1, kMomentMs); }) == 0)
        return std::nullopt;
    std::int32_t status = 0;
    const ssize_t got = calls::uninterrupted([&] {
        return calls::recv(child.status_channel.get(), &status, sizeof status, MSG_DONTWAIT);
    });
    return got == sizeof status ? Ending{status} : Ending{};
}

}  // namespace

std::optional<Ending> collect(const Child& child) noexcept {
    if (child.status_channel.valid()) return receive_exit_status(child);
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

void redirect_stdio_to_null() noexcept {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO}) {
        calls::close(stream);
        // Gets the lowest free number: this one.
        [[maybe_unused]] const int reopened = calls::open("/dev/null", O_RDWR);
    }
}

int this_process() noexcept { return calls::getpid(); }

void exit_immediately(int code) noexcept { calls::exit_now(code); }

}  // namespace procession::os
