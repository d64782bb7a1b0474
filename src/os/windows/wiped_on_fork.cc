// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/wiped_on_fork.h"

#include "os/windows/api.h"

// Windows has no fork, so ordinary memory is never inherited.

namespace procession::inline v0::detail::os {

std::error_code WipedMemory::map(std::size_t bytes) noexcept {
    base_ = ::VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    bytes_ = bytes;
    return base_ != nullptr ? std::error_code() : last_error();
}

WipedMemory::~WipedMemory() {
    if (base_ != nullptr) ::VirtualFree(base_, 0, MEM_RELEASE);
}

}  // namespace procession::inline v0::detail::os
