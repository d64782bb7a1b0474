// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/byte_locks.h"

#include <cerrno>
#include <cstdio>

#include "os/linux/calls.h"

namespace procession::os {

namespace {

struct flock one_byte(std::uint64_t at, short type) noexcept {
    struct flock request{};
    request.l_type = type;
    request.l_whence = SEEK_SET;
    request.l_start = static_cast<off_t>(at);
    request.l_len = 1;
    return request;
}

}  // namespace

std::error_code ByteLocks::open(const Handle& file) noexcept {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/fd/%d", file.get());
    Handle own(calls::uninterrupted([&] { return calls::open(path, O_RDWR | O_CLOEXEC); }));
    if (!own.valid()) return {errno, std::generic_category()};
    own_ = std::move(own);
    return {};
}

bool ByteLocks::try_lock(std::uint64_t at, std::error_code& failed) noexcept {
    struct flock request = one_byte(at, F_WRLCK);
    const auto ask = [&] { return calls::set_lock(own_.get(), &request); };
    if (calls::uninterrupted(ask) == 0) return true;
    if (errno != EAGAIN && errno != EACCES) failed.assign(errno, std::generic_category());
    return false;
}

void ByteLocks::unlock(std::uint64_t at) noexcept {
    struct flock request = one_byte(at, F_UNLCK);
    calls::uninterrupted([&] { return calls::set_lock(own_.get(), &request); });
}

bool ByteLocks::is_locked_by_another(std::uint64_t at) const noexcept {
    struct flock request = one_byte(at, F_WRLCK);
    // On an error nothing is known, and a live participant must never be called dead.
    const auto ask = [&] { return calls::get_lock(own_.get(), &request); };
    if (calls::uninterrupted(ask) != 0) return true;
    return request.l_type != F_UNLCK;
}

}  // namespace procession::os
