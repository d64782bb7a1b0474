// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <memory>
#include <system_error>

#include "system.h"

namespace treesum {

namespace {

struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

bool is_dots(std::string_view name) { return name == "." || name == ".."; }

Seen seen_in(const struct stat& status) {
    const Kind kind = S_ISREG(status.st_mode)   ? Kind::file
                      : S_ISDIR(status.st_mode) ? Kind::directory
                                                : Kind::other;
    return {kind, static_cast<std::uint64_t>(status.st_size)};
}

Kind kind_of(unsigned type) {
    return type == DT_REG ? Kind::file : type == DT_DIR ? Kind::directory : Kind::other;
}

}  // namespace

int look_at(const std::string& path, Seen& seen) {
    struct stat status{};
    if (::lstat(path.c_str(), &status) != 0) return errno;
    seen = seen_in(status);
    return 0;
}

int list_directory(const std::string& path, std::vector<Named>& entries) {
    // A link that took the directory's place meanwhile is not followed.
    const int descriptor =
        ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW);
    const Directory directory(descriptor < 0 ? nullptr : ::fdopendir(descriptor));
    if (!directory) {
        const int problem = errno;
        if (descriptor >= 0) ::close(descriptor);
        return problem;
    }
    for (;;) {
        errno = 0;
        const dirent* entry = ::readdir(directory.get());
        if (entry == nullptr) return errno;
        if (is_dots(entry->d_name)) continue;
        Seen seen{kind_of(entry->d_type), 0};
        struct stat status{};
        if ((entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN) &&
            ::fstatat(descriptor, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
            seen = seen_in(status);
        }
        entries.push_back({entry->d_name, seen});
    }
}

InputFile::~InputFile() {
    if (handle_ >= 0) ::close(static_cast<int>(handle_));
}

int InputFile::open(const std::string& path, FileStamp& stamp) {
    // O_NONBLOCK: what was a file when the tree was walked may be a FIFO without a writer now.
    handle_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | O_NOFOLLOW);
    struct stat status{};
    if (handle_ < 0 || ::fstat(static_cast<int>(handle_), &status) != 0) return errno;
    if (!S_ISREG(status.st_mode)) return S_ISDIR(status.st_mode) ? EISDIR : EINVAL;
    stamp = {status.st_dev, status.st_ino, static_cast<std::uint64_t>(status.st_size),
             status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec};
    return 0;
}

bool InputFile::go_to(std::uint64_t offset) {
    return ::lseek(static_cast<int>(handle_), static_cast<off_t>(offset), SEEK_SET) >= 0;
}

int InputFile::read(std::byte* to, std::size_t bytes, std::size_t& got) {
    got = 0;
    while (got < bytes) {
        const ssize_t more = ::read(static_cast<int>(handle_), to + got, bytes - got);
        if (more == 0) break;
        if (more > 0) got += static_cast<std::size_t>(more);
        if (more < 0 && errno != EINTR) return errno;
    }
    return 0;
}

void write_to_stdout(std::string_view text) {
    while (!text.empty()) {
        const ssize_t wrote = ::write(STDOUT_FILENO, text.data(), text.size());
        if (wrote >= 0) {
            text.remove_prefix(static_cast<std::size_t>(wrote));
        } else if (errno != EINTR) {
            throw std::system_error(errno, std::generic_category(), "write error");
        }
    }
}

bool is_stderr_a_terminal() { return ::isatty(STDERR_FILENO) == 1; }

std::size_t terminal_columns() {
    winsize size{};
    return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void allow_open_files(std::size_t needed) {
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= needed) return;
    limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
    ::setrlimit(RLIMIT_NOFILE, &limit);
}

void listen_to_signals(void (*act)(int)) {
    struct sigaction action{};
    action.sa_handler = act;
    action.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

void ignore_interruptions() {
    std::signal(SIGINT, SIG_IGN);
    std::signal(SIGTERM, SIG_DFL);
}

std::vector<std::string> arguments_of(int argc, char** argv) { return {argv, argv + argc}; }

}  // namespace treesum
