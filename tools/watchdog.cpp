// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// watchdog [--timeout SECONDS] [--grace SECONDS] [--fixed-addresses] -- COMMAND [ARGUMENT...]
//
// Runs COMMAND and adopts every process that it orphans (as their subreaper). When COMMAND has not
// ended after the timeout, shows where all of its processes stand, kills them and fails. When it
// has ended, takes the census: a process or a file in /dev/shm that is still there after the grace
// is a failure, and is named. Only descendants are ever killed, by their ids.
//
// --fixed-addresses switches address randomisation off where that is allowed: GCC 12's
// ThreadSanitizer does not start on kernels that randomise 32 bits (vm.mmap_rnd_bits).
//
// With PROCESSION_SOAK in the environment (./test --soak) tests take longer on purpose: the timeout
// is 40 times as long.
//
// The exit code is COMMAND's own, or 124 (timeout), 125 (something left behind), 126 (could not
// start).

#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr int kTimedOut = 124;
constexpr int kLeftBehind = 125;
constexpr int kCannotStart = 126;

constexpr double kSoakFactor = 40;

struct Options {
    double timeout_seconds = 100;
    double grace_seconds = 3;
    bool has_fixed_addresses = false;
    char** command = nullptr;
};

volatile std::sig_atomic_t asked_to_stop = 0;

/// What can be read of it: a file below /proc whose process ends meanwhile fails while it is read,
/// which iterators over its buffer would throw (std::filebuf::underflow) and an inserter does not.
std::string contents_of(const fs::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

std::string command_line_of(pid_t pid) {
    std::string text = contents_of("/proc/" + std::to_string(pid) + "/cmdline");
    for (char& letter : text) {
        if (letter == '\0') letter = ' ';
    }
    if (text.empty()) text = "[" + contents_of("/proc/" + std::to_string(pid) + "/comm") + "]";
    return text.substr(0, 300);
}

/// From /proc/PID/stat: "PID (any name) STATE PARENT ...".
struct ProcessState {
    char state = '?';
    pid_t parent = 0;
};

ProcessState state_of(const std::string& pid) {
    const std::string line = contents_of("/proc/" + pid + "/stat");
    ProcessState found;
    const std::size_t end_of_name = line.rfind(')');
    if (end_of_name == std::string::npos) return found;
    std::sscanf(line.c_str() + end_of_name + 1, " %c %d", &found.state, &found.parent);
    return found;
}

bool is_number(const std::string& text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::vector<std::string> all_processes() {
    std::vector<std::string> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/proc", ignored)) {
        if (std::string name = entry.path().filename().string(); is_number(name))
            found.push_back(name);
    }
    return found;
}

/// All that run below this process, parents before children; zombies are not listed.
std::vector<pid_t> descendants() {
    std::multimap<pid_t, pid_t> children;
    std::set<pid_t> zombies;
    for (const std::string& name : all_processes()) {
        const ProcessState process = state_of(name);
        const pid_t pid = std::stoi(name);
        children.emplace(process.parent, pid);
        if (process.state == 'Z' || process.state == 'X') zombies.insert(pid);
    }
    std::vector<pid_t> all{getpid()};
    for (std::size_t next = 0; next < all.size(); ++next) {
        const auto [first, last] = children.equal_range(all[next]);
        for (auto child = first; child != last; ++child) all.push_back(child->second);
    }
    all.erase(all.begin());
    std::erase_if(all, [&](pid_t pid) { return zombies.count(pid) != 0; });
    return all;
}

void wait_a_moment(milliseconds time) {
    const timespec span{0, std::chrono::nanoseconds(time).count()};
    nanosleep(&span, nullptr);
}

void reap_adopted() {
    while (waitpid(-1, nullptr, WNOHANG) > 0) {}
}

/// Kills what runs below this process until nothing does; a killed parent's children are adopted
/// and go next.
void kill_descendants() {
    for (int round = 0; round < 500; ++round) {
        const std::vector<pid_t> victims = descendants();
        for (const pid_t pid : victims) kill(pid, SIGKILL);
        reap_adopted();
        if (victims.empty()) return;
        wait_a_moment(milliseconds(10));
    }
}

// ---- where a hanging process stands
// -------------------------------------------------------------------

void show_kernel_view(pid_t pid) {
    const std::string folder = "/proc/" + std::to_string(pid);
    std::error_code error;
    const fs::directory_iterator end;
    // Not a range-for, whose increment would throw when the process ends meanwhile.
    for (fs::directory_iterator it(folder + "/task", error); !error && it != end;
         it.increment(error)) {
        const fs::path& thread = it->path();
        std::string call = contents_of(thread / "syscall");
        if (call.empty() || call.back() != '\n') call += '\n';
        const ProcessState state = state_of(thread.filename().string());
        std::fprintf(stderr, "  thread %s state %c, waits in %s, system call %s",
                     thread.filename().c_str(), state.state, contents_of(thread / "wchan").c_str(),
                     call.c_str());
    }
}

void show_stacks(pid_t pid) {
    const pid_t debugger = fork();
    if (debugger == 0) {
        alarm(30);  // a debugger that hangs may not hold up the verdict; the alarm survives exec
        dup2(STDERR_FILENO, STDOUT_FILENO);
        const std::string id = std::to_string(pid);
        execlp("gdb", "gdb", "-p", id.c_str(), "-batch", "-nx", "-iex",
               "set debuginfod enabled off", "-ex", "thread apply all backtrace 40",
               static_cast<char*>(nullptr));
        std::fprintf(stderr, "  (no gdb here: install it to see stacks)\n");
        _exit(127);
    }
    if (debugger > 0) waitpid(debugger, nullptr, 0);
}

void show_where_all_stand() {
    constexpr std::size_t kStacksMax = 12;
    const std::vector<pid_t> hanging = descendants();
    for (std::size_t i = 0; i < hanging.size(); ++i) {
        std::fprintf(stderr, "\nwatchdog: process %d: %s\n", hanging[i],
                     command_line_of(hanging[i]).c_str());
        show_kernel_view(hanging[i]);
        if (i < kStacksMax) show_stacks(hanging[i]);
    }
}

// ---- the census
// ---------------------------------------------------------------------------------------

struct SharedFile {
    dev_t device = 0;
    ino_t inode = 0;
    auto operator<=>(const SharedFile&) const = default;
};

std::map<SharedFile, std::string> shared_files() {
    std::map<SharedFile, std::string> found;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator("/dev/shm", ignored)) {
        struct stat facts{};
        if (lstat(entry.path().c_str(), &facts) != 0) continue;
        found.emplace(SharedFile{facts.st_dev, facts.st_ino}, entry.path().string());
    }
    return found;
}

/// A file that a running process has mapped or open is not ours: all of our processes have ended.
bool is_in_use(const std::string& path) {
    for (const std::string& pid : all_processes()) {
        if (contents_of("/proc/" + pid + "/maps").find(' ' + path + '\n') != std::string::npos)
            return true;
        std::error_code error;
        for (fs::directory_iterator it("/proc/" + pid + "/fd", error), end; !error && it != end;
             it.increment(error)) {
            std::error_code unreadable;
            if (fs::read_symlink(it->path(), unreadable) == path) return true;
        }
    }
    return false;
}

std::vector<std::string> files_left(const std::map<SharedFile, std::string>& before) {
    std::vector<std::string> left;
    for (const auto& [file, path] : shared_files()) {
        if (before.count(file) == 0 && !is_in_use(path)) left.push_back(path);
    }
    return left;
}

bool something_is_left(const std::map<SharedFile, std::string>& before, double grace_seconds) {
    const auto until = Clock::now() + std::chrono::duration<double>(grace_seconds);
    milliseconds pause{1};
    std::vector<pid_t> processes;
    std::vector<std::string> files;
    for (;;) {
        reap_adopted();
        processes = descendants();
        files = processes.empty() ? files_left(before) : std::vector<std::string>{};
        if (processes.empty() && files.empty()) return false;
        if (Clock::now() >= until || asked_to_stop != 0) break;
        wait_a_moment(pause);
        pause = std::min(pause * 2, milliseconds(50));
    }
    for (const pid_t pid : processes) {
        std::fprintf(stderr, "watchdog: left behind: process %d: %s\n", pid,
                     command_line_of(pid).c_str());
        show_kernel_view(pid);
    }
    kill_descendants();
    for (const std::string& path : files_left(before)) {
        std::fprintf(stderr, "watchdog: left behind: file %s\n", path.c_str());
    }
    return true;
}

// ---- running the command
// ------------------------------------------------------------------------------

pid_t start(const Options& options, const sigset_t& old_mask) {
    const pid_t watchdog = getpid();
    const pid_t child = fork();
    if (child != 0) return child;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != watchdog) _exit(kCannotStart);
    if (options.has_fixed_addresses) personality(ADDR_NO_RANDOMIZE);  // best effort
    setpgid(0, 0);
    sigprocmask(SIG_SETMASK, &old_mask, nullptr);
    execvp(options.command[0], options.command);
    std::fprintf(stderr, "watchdog: cannot start %s: %s\n", options.command[0],
                 std::strerror(errno));
    _exit(kCannotStart);
}

enum class Outcome { ended, timed_out, stopped };

/// Waits for SIGCHLD or the deadline; reaps adopted orphans on the way, so that they do not look
/// alive.
Outcome wait_for(pid_t command, Clock::time_point deadline, const sigset_t& awaited, int& status) {
    for (;;) {
        int ended_status = 0;
        for (pid_t ended; (ended = waitpid(-1, &ended_status, WNOHANG)) > 0;) {
            if (ended == command) {
                status = ended_status;
                return Outcome::ended;
            }
        }
        if (asked_to_stop != 0) return Outcome::stopped;
        const auto left = deadline - Clock::now();
        if (left <= Clock::duration::zero()) return Outcome::timed_out;
        const auto nanoseconds = std::chrono::nanoseconds(left).count();
        const timespec span{nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000};
        const int signal = sigtimedwait(&awaited, nullptr, &span);
        if (signal > 0 && signal != SIGCHLD) asked_to_stop = signal;
    }
}

int exit_code_of(int status) {
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    std::fprintf(stderr, "watchdog: the test was killed by signal %d (%s)\n", WTERMSIG(status),
                 strsignal(WTERMSIG(status)));
    return 128 + WTERMSIG(status);
}

int run(const Options& options) {
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    const auto files_before = shared_files();
    sigset_t awaited;
    sigset_t old_mask;
    sigemptyset(&awaited);
    for (const int signal : {SIGCHLD, SIGINT, SIGTERM, SIGHUP}) sigaddset(&awaited, signal);
    sigprocmask(SIG_BLOCK, &awaited, &old_mask);

    const auto deadline =
        Clock::now() + std::chrono::duration_cast<Clock::duration>(
                           std::chrono::duration<double>(options.timeout_seconds));
    const pid_t command = start(options, old_mask);
    if (command < 0) {
        std::fprintf(stderr, "watchdog: fork: %s\n", std::strerror(errno));
        return kCannotStart;
    }
    int status = 0;
    switch (wait_for(command, deadline, awaited, status)) {
        case Outcome::ended: break;
        case Outcome::stopped: kill_descendants(); return 128 + asked_to_stop;
        case Outcome::timed_out:
            std::fprintf(stderr, "\nwatchdog: not done after %g seconds:\n",
                         options.timeout_seconds);
            show_where_all_stand();
            kill_descendants();
            return kTimedOut;
    }
    const bool is_clean = !something_is_left(files_before, options.grace_seconds);
    const int code = exit_code_of(status);
    return code == 0 && !is_clean ? kLeftBehind : code;
}

bool parse(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--timeout" && i + 1 < argc) {
            options.timeout_seconds = std::atof(argv[++i]);
        } else if (word == "--grace" && i + 1 < argc) {
            options.grace_seconds = std::atof(argv[++i]);
        } else if (word == "--fixed-addresses") {
            options.has_fixed_addresses = true;
        } else {
            options.command = argv + (word == "--" ? i + 1 : i);
            break;
        }
    }
    const char* soak = std::getenv("PROCESSION_SOAK");
    const bool is_soak = soak != nullptr && *soak != '\0' && std::strcmp(soak, "0") != 0;
    if (is_soak) options.timeout_seconds *= kSoakFactor;
    return options.command != nullptr && *options.command != nullptr && options.timeout_seconds > 0;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (!parse(argc, argv, options)) {
        std::fprintf(stderr,
                     "use: watchdog [--timeout SECONDS] [--grace SECONDS] [--fixed-addresses] -- "
                     "COMMAND...\n");
        return kCannotStart;
    }
    return run(options);
}
