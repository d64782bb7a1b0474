// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/wiped_on_fork.h"

#include <cerrno>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

std::error_code WipedMemory::map(std::size_t bytes) noexcept {
    // Anonymous and private, as MADV_WIPEONFORK requires (madvise(2), since Linux 4.14).
    void* base = calls::mmap(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    if (base == MAP_FAILED) return calls::last_error();
    base_ = base;
    bytes_ = bytes;
    if (calls::madvise(base, bytes, MADV_WIPEONFORK) != 0) return calls::last_error();
    return {};
}

WipedMemory::~WipedMemory() {
    if (base_ != nullptr) calls::munmap(base_, bytes_);
}

}  // namespace procession::inline v0::detail::os
