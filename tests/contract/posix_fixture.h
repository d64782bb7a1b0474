// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <system_error>

#include "os/handle.h"
#include "support/files.h"

// Files, pipes and processes as POSIX has them; windows_fixture.h has what of it is tested there.

namespace procession::testing {

using namespace detail;

inline std::filesystem::path make_folder() {
    std::string name = (std::filesystem::temp_directory_path() / "procession-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
        throw std::system_error(errno, std::generic_category(), name);
    return name;
}

/// See Folder::fifo().
inline std::string make_fifo(const std::filesystem::path& folder, const std::string& name) {
    const std::string made = (folder / name).string();
    if (::mkfifo(made.c_str(), 0600) != 0)
        throw std::system_error(errno, std::generic_category(), made);
    return made;
}

inline os::Handle open_end(const std::string& path, int flags) {
    os::Handle end(::open(path.c_str(), flags | O_CLOEXEC, 0600));
    if (!end.valid()) throw std::system_error(errno, std::generic_category(), path);
    return end;
}

/// A file to read and write, made when it is not there.
inline os::Handle open_file(const std::string& path) { return open_end(path, O_RDWR | O_CREAT); }
/// A number that no handle here has.
inline os::NativeHandle no_such_handle() { return 12345; }
[[noreturn]] inline void kill_this_process() {
    ::raise(SIGKILL);
    std::abort();
}

inline void write_text(const os::Handle& to, const std::string& text) {
    if (::write(to.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()))
        throw std::system_error(errno, std::generic_category(), "write");
}

/// Into an end of a connection, past the Connection, until all of it is there.
inline void write_stream(os::NativeHandle end, std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::write(end, bytes.data(), bytes.size());
        if (sent > 0) {
            bytes = bytes.subspan(static_cast<std::size_t>(sent));
        } else if (errno == EAGAIN) {
            pollfd watched{end, POLLOUT, 0};
            ::poll(&watched, 1, -1);
        } else {
            throw std::system_error(errno, std::generic_category(), "write");
        }
    }
}

/// Where the next read or write of a file begins.
inline long position_of(const os::Handle& file) {
    return static_cast<long>(::lseek(file.get(), 0, SEEK_CUR));
}
inline void set_position(const os::Handle& file, long position) {
    ::lseek(file.get(), position, SEEK_SET);
}
inline std::string read_text(const os::Handle& from, std::size_t most) {
    std::string text(most, '\0');
    const ssize_t got = ::read(from.get(), text.data(), most);
    text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    return text;
}

/// As many handles as this process may have, while it lives.
class ManyHandles {
  public:
    ManyHandles() {
        ::getrlimit(RLIMIT_NOFILE, &before_);
        rlimit more = before_;
        more.rlim_cur = std::min<rlim_t>(more.rlim_max, 8192);
        ::setrlimit(RLIMIT_NOFILE, &more);
        count_ = more.rlim_cur;
    }
    ~ManyHandles() { ::setrlimit(RLIMIT_NOFILE, &before_); }
    ManyHandles(const ManyHandles&) = delete;
    ManyHandles& operator=(const ManyHandles&) = delete;
    [[nodiscard]] std::size_t count() const { return count_; }

  private:
    rlimit before_{};
    std::size_t count_ = 0;
};

inline std::size_t open_handles() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// One message, of whatever bytes.
inline void write_record(const os::Handle& channel, const std::string& bytes) {
    write_text(channel, bytes);
}

/// Up to a line feed, which is dropped, or to the end.
inline std::string read_line(const os::Handle& from) {
    std::string line;
    for (char letter = 0; ::read(from.get(), &letter, 1) == 1 && letter != '\n';) line += letter;
    return line;
}

/// Sends stderr elsewhere while it lives: what children print in passing is not the test's result.
class StderrTo {
  public:
    explicit StderrTo(const std::string& path) : kept_(os::Handle::duplicate_of(STDERR_FILENO)) {
        ::dup2(open_end(path, O_WRONLY | O_CREAT).get(), STDERR_FILENO);
    }
    ~StderrTo() { ::dup2(kept_.get(), STDERR_FILENO); }
    StderrTo(const StderrTo&) = delete;
    StderrTo& operator=(const StderrTo&) = delete;

  private:
    os::Handle kept_;
};

inline bool can_interrupt() { return true; }
inline void stop_ignoring_interrupts() { std::signal(SIGINT, SIG_DFL); }

/// Running, or not collected.
inline bool is_there(int pid) { return ::kill(pid, 0) == 0; }

/// A process of this family, whichever process is its parent, until it has ended.
class Relative {
  public:
    explicit Relative(int pid) : sentinel_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}
    void until_ended() const {
        pollfd watched{sentinel_.get(), POLLIN, 0};
        while (sentinel_.valid() && ::poll(&watched, 1, -1) != 1) {}
    }

  private:
    os::Handle sentinel_;  // none: it has ended
};

/// The child of this process whose command line contains the words, as the system shows it; 0 when
/// there is none.
inline int child_called(const std::string& words) {
    for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
        std::ifstream listed(task.path() / "children");
        for (int pid = 0; listed >> pid;) {
            const std::string line = file_text("/proc/" + std::to_string(pid) + "/cmdline");
            if (line.find(words) != std::string::npos) return pid;
        }
    }
    return 0;
}

inline std::size_t descriptors_of(int pid) {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Kills it and waits until it has ended; the code that has started it collects it.
inline void kill_helper(int pid) {
    ASSERT_NE(pid, 0);
    ASSERT_EQ(::kill(pid, SIGKILL), 0);
    siginfo_t info{};
    while (::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT) != 0) {}
}

/// Collects whom this process has adopted, as a subreaper, until it has `kept` children.
inline void collect_orphans(std::size_t kept) {
    for (;;) {
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {}
        std::size_t children = 0;
        for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
            std::ifstream listed(task.path() / "children");
            for (int pid = 0; listed >> pid;) ++children;
        }
        if (children <= kept) return;
        ::poll(nullptr, 0, 1);
    }
}

}  // namespace procession::testing
