// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/byte_lock.h"

#include <cerrno>
#include <cstdio>
#include <utility>

#include "os/linux/calls.h"

namespace procession::os {

namespace {

constexpr std::size_t kMapped = 1;  // the kernel rounds to a page

std::error_code last_error() noexcept { return {errno, std::generic_category()}; }

struct flock one_byte(std::uint64_t at, short type) noexcept {
    struct flock request{};
    request.l_type = type;
    request.l_whence = SEEK_SET;
    request.l_start = static_cast<off_t>(at);
    request.l_len = 1;
    return request;
}

}  // namespace

std::error_code ByteLock::try_lock(const Handle& file, const FileIdentity& identity,
                                   std::uint64_t at, ByteLock& taken) noexcept {
    // Not /proc/self: that is empty once the first thread of the process has ended.
    char path[64];
    std::snprintf(path, sizeof path, "/proc/thread-self/fd/%d", file.get());
    constexpr int flags = O_RDWR | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    const Handle own(calls::uninterrupted([&] { return calls::open(path, flags); }));
    if (!own.valid()) {
        // The path leads nowhere, or the number is something that cannot be opened.
        const std::error_code failed = last_error();
        const std::error_code elsewhere = leads_to(file, identity);
        return elsewhere ? elsewhere : failed;
    }
    if (const std::error_code elsewhere = leads_to(own, identity)) return elsewhere;
    struct flock request = one_byte(at, F_WRLCK);
    if (calls::uninterrupted([&] { return calls::set_lock(own.get(), &request); }) != 0) {
        const bool busy = errno == EACCES || errno == EAGAIN;
        return busy ? std::make_error_code(std::errc::device_or_resource_busy) : last_error();
    }
    void* mapping = calls::mmap(kMapped, PROT_NONE, MAP_SHARED, own.get());
    if (mapping == MAP_FAILED) return last_error();
    ByteLock fresh;
    fresh.mapping_ = mapping;
    if (calls::madvise(mapping, kMapped, MADV_DONTFORK) != 0) return last_error();
    taken = std::move(fresh);
    return {};
}

bool ByteLock::is_locked(const Handle& file, const FileIdentity& identity,
                         std::uint64_t at) noexcept {
    struct flock request = one_byte(at, F_WRLCK);
    if (calls::get_lock(file.get(), &request) != 0 || request.l_type != F_UNLCK) return true;
    // Of the right file? Another part of the program may have closed the descriptor, and its number
    // may be another file's since. Asked afterwards: it does not change back.
    return static_cast<bool>(leads_to(file, identity));
}

bool ByteLock::is_any_locked(const Handle& file, std::uint64_t from, std::uint64_t count) noexcept {
    struct flock request = one_byte(from, F_WRLCK);
    request.l_len = static_cast<off_t>(count);
    return calls::get_lock(file.get(), &request) != 0 || request.l_type != F_UNLCK;
}

void ByteLock::unlock() noexcept {
    if (mapping_ == nullptr) return;
    const int kept = errno;
    // The last reference to the description: the kernel releases the lock before this returns.
    calls::munmap(mapping_, kMapped);
    errno = kept;
    mapping_ = nullptr;
}

}  // namespace procession::os
