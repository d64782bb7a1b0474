// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/memory_file.h"

#include <linux/magic.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "os/linux/calls.h"

namespace procession::os {

namespace {

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

// Reads a small text file of the kernel into `text` as a string; false when there is none.
template <std::size_t N>
bool read_text(const char* path, char (&text)[N]) noexcept {
    const Handle file(
        calls::uninterrupted([&] { return calls::open(path, O_RDONLY | O_CLOEXEC); }));
    if (!file.valid()) return false;
    std::size_t length = 0;
    while (length < N - 1) {
        const ssize_t got = calls::uninterrupted(
            [&] { return calls::read(file.get(), text + length, N - 1 - length); });
        if (got < 0) return false;
        if (got == 0) break;
        length += static_cast<std::size_t>(got);
    }
    text[length] = '\0';
    return length > 0;
}

std::uint64_t system_available() noexcept {
    char text[4096];
    if (!read_text("/proc/meminfo", text)) return std::numeric_limits<std::uint64_t>::max();
    const char* line = std::strstr(text, "MemAvailable:");
    if (line == nullptr) return std::numeric_limits<std::uint64_t>::max();
    return std::strtoull(line + sizeof "MemAvailable:" - 1, nullptr, 10) * 1024;
}

// cgroup v2 as a container sees it: its own group is mounted at the root of /sys/fs/cgroup.
std::uint64_t container_available() noexcept {
    char limit[64];
    char used[64];
    const bool known = read_text("/sys/fs/cgroup/memory.max", limit) && limit[0] != 'm' &&
                       read_text("/sys/fs/cgroup/memory.current", used);
    if (!known) return std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t limit_bytes = std::strtoull(limit, nullptr, 10);
    const std::uint64_t used_bytes = std::strtoull(used, nullptr, 10);
    return limit_bytes > used_bytes ? limit_bytes - used_bytes : 0;
}

}  // namespace

std::error_code create_memory_file(const char* name, std::uint64_t /*most*/,
                                   Handle& created) noexcept {
    Handle file(calls::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.valid()) return last_error();
    if (calls::add_seals(file.get(), F_SEAL_SHRINK) != 0) return last_error();
    created = std::move(file);
    return {};
}

std::error_code allocate(const Handle& file, std::uint64_t from, std::uint64_t bytes) noexcept {
    // Beyond RLIMIT_FSIZE the kernel would send SIGXFSZ instead of failing.
    rlimit limit{};
    if (calls::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        from + bytes > limit.rlim_cur) {
        return std::make_error_code(std::errc::file_too_large);
    }
    // Asking the kernel for more than there is would wake the OOM killer before it fails; the small
    // steps need no look.
    constexpr std::uint64_t look_from = std::uint64_t{1} << 20;
    if (bytes >= look_from && bytes > available_memory()) {
        return std::make_error_code(std::errc::not_enough_memory);
    }
    // An interrupted call has undone what it had done: it is repeated in smaller pieces, so that
    // signals that come all the time cannot keep it from its end.
    constexpr std::uint64_t least = std::uint64_t{64} << 10;
    std::uint64_t piece = bytes;
    for (std::uint64_t done = 0; done < bytes;) {
        const std::uint64_t now = std::min(piece, bytes - done);
        if (calls::fallocate(file.get(), 0, static_cast<off_t>(from + done),
                             static_cast<off_t>(now)) == 0) {
            done += now;
        } else if (errno == EINTR) {
            piece = std::max(now / 2 / least * least, least);
        } else {
            if (errno == ENOSPC) return std::make_error_code(std::errc::not_enough_memory);
            return last_error();
        }
    }
    return {};
}

std::error_code identify(const Handle& file, FileIdentity& identity, std::uint64_t& size) noexcept {
    struct stat status{};
    if (calls::fstat(file.get(), &status) != 0) return last_error();
    identity = {status.st_dev, status.st_ino};
    size = static_cast<std::uint64_t>(status.st_size);
    return {};
}

const char* why_no_memory_file(const Handle& file) noexcept {
    const int flags = calls::get_status_flags(file.get());
    const bool is_open = flags >= 0 && (flags & O_ACCMODE) == O_RDWR && (flags & O_PATH) == 0;
    if (!is_open) return "is not open for reading and writing";
    const int seals = calls::get_seals(file.get());
    if (seals < 0) return "is not in memory";
    if ((seals & F_SEAL_SHRINK) == 0) return "is not sealed: it may shrink";
    if ((seals & (F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) {
        return "is sealed against growing or writing";
    }
    // Huge pages: they are not what it is allocated in, and there may be none when it is touched.
    struct statfs system{};
    const int result = calls::uninterrupted([&] { return calls::fstatfs(file.get(), &system); });
    return result == 0 && system.f_type == TMPFS_MAGIC ? nullptr : "is not in ordinary memory";
}

std::uint64_t available_memory() noexcept {
    return std::min(system_available(), container_available());
}

}  // namespace procession::os
