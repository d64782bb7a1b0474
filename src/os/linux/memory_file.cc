// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/memory_file.h"

#include <linux/magic.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "os/linux/calls.h"
#include "os/linux/control_groups.h"
#include "os/linux/file_io.h"

namespace procession::inline v0::detail::os {

namespace {

std::uint64_t system_available() noexcept {
    char text[4096];
    if (!read_small_file("/proc/meminfo", text)) return std::numeric_limits<std::uint64_t>::max();
    const char* line = std::strstr(text, "MemAvailable:");
    if (line == nullptr) return std::numeric_limits<std::uint64_t>::max();
    return std::strtoull(line + sizeof "MemAvailable:" - 1, nullptr, 10) * 1024;
}

std::uint64_t available_memory(std::uint64_t enough) noexcept {
    return std::min(system_available(), memory_left_by_groups(enough));
}

std::int64_t now_in_nanoseconds() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

/// Whether there is memory for `bytes` more. If there is not, an allocation would not fail: the
/// kernel would kill a process.
///
/// To find out costs about as much as to allocate 64 KiB. So the answer is a credit for small
/// allocations, valid for a short time: a small part of the memory that was available. Near a limit
/// the credit is too small, and each allocation is checked.
bool has_memory_for(std::uint64_t bytes) noexcept {
    // relaxed: neither guards other data
    static constinit std::atomic<std::int64_t> credit_expires{0};
    static constinit std::atomic<std::uint64_t> credit_bytes{0};
    constexpr std::uint64_t small_bytes_max = std::uint64_t{1} << 20;
    constexpr std::int64_t credit_lifetime_ns = 10'000'000;
    const std::int64_t now = now_in_nanoseconds();
    if (bytes < small_bytes_max && now < credit_expires.load(std::memory_order_relaxed)) {
        std::uint64_t left = credit_bytes.load(std::memory_order_relaxed);
        while (left >= bytes) {
            if (credit_bytes.compare_exchange_weak(left, left - bytes, std::memory_order_relaxed))
                return true;
        }
    }
    const std::uint64_t available = available_memory(bytes);
    if (bytes > available) return false;
    credit_bytes.store((available - bytes) / 64, std::memory_order_relaxed);
    credit_expires.store(now + credit_lifetime_ns, std::memory_order_relaxed);
    return true;
}

}  // namespace

std::error_code create_memory_file(const char* name, std::uint64_t /*most*/,
                                   Handle& created) noexcept {
    Handle file(calls::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.valid()) return calls::last_error();
    if (calls::add_seals(file.get(), F_SEAL_SHRINK) != 0) return calls::last_error();
    created = std::move(file);
    return {};
}

std::error_code allocate(const Handle& file, std::uint64_t from, std::uint64_t bytes) noexcept {
    // Beyond RLIMIT_FSIZE the kernel would send SIGXFSZ, so this is checked first.
    rlimit limit{};
    if (calls::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        from + bytes > limit.rlim_cur) {
        return std::make_error_code(std::errc::file_too_large);
    }
    if (!has_memory_for(bytes)) return std::make_error_code(std::errc::not_enough_memory);
    // A signal makes fallocate undo its work. It is repeated in smaller pieces, so that even a
    // steady stream of signals cannot stop its progress.
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
            return calls::last_error();
        }
    }
    return {};
}

std::error_code decommit(const Handle& file, std::uint64_t from, std::uint64_t bytes) noexcept {
    const int result = calls::uninterrupted([&] {
        return calls::fallocate(file.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                                static_cast<off_t>(from), static_cast<off_t>(bytes));
    });
    return result == 0 ? std::error_code{} : calls::last_error();
}

bool can_decommit() noexcept { return true; }

std::error_code identify(const Handle& file, FileIdentity& identity, std::uint64_t& size) noexcept {
    struct stat status{};
    if (calls::fstat(file.get(), &status) != 0) return calls::last_error();
    identity = {status.st_dev, status.st_ino};
    size = static_cast<std::uint64_t>(status.st_size);
    return {};
}

std::error_code committed_bytes(const Handle& file, std::uint64_t& bytes) noexcept {
    constexpr std::uint64_t block = 512;  // the unit of st_blocks, independent of st_blksize
    struct stat status{};
    if (calls::fstat(file.get(), &status) != 0) return calls::last_error();
    bytes = static_cast<std::uint64_t>(status.st_blocks) * block;
    return {};
}

const char* why_not_memory_file(const Handle& file, MapFor use) noexcept {
    const int flags = calls::get_status_flags(file.get());
    const bool is_open = flags >= 0 && (flags & O_PATH) == 0;
    const int access = flags & O_ACCMODE;
    if (use == MapFor::writing) {
        if (!is_open || access != O_RDWR) return "is not open for reading and writing";
    } else if (!is_open || access == O_WRONLY) {
        return "is not open for reading";
    }
    const int seals = calls::get_seals(file.get());
    if (seals < 0) return "is not in memory";
    if ((seals & F_SEAL_SHRINK) == 0) return "is not sealed: it may shrink";
    if ((seals & (F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) != 0) {
        return "is sealed against growing or writing";
    }
    // A file of huge pages is refused: allocate() does not reserve them, so an access could fail.
    struct statfs system{};
    const int result = calls::uninterrupted([&] { return calls::fstatfs(file.get(), &system); });
    return result == 0 && system.f_type == TMPFS_MAGIC ? nullptr : "is not in ordinary memory";
}

std::uint64_t available_memory() noexcept { return available_memory(no_memory_limit); }

}  // namespace procession::inline v0::detail::os
