// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/mapping.h"

#include <cerrno>
#include <utility>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

Mapping::~Mapping() {
    if (base_ != nullptr) calls::munmap(base_, bytes_);
}

std::error_code Mapping::map(const Handle& file, std::uint64_t bytes, Mapping& mapped,
                             MapFor use) noexcept {
    const int allowed = use == MapFor::reading ? PROT_READ : PROT_READ | PROT_WRITE;
    // NORESERVE: the mapping only reserves addresses for growth; os::allocate() allocates memory.
    void* base = calls::mmap(bytes, allowed, MAP_SHARED | MAP_NORESERVE, file.get());
    if (base == MAP_FAILED) return calls::last_error();
    Mapping fresh;
    fresh.base_ = static_cast<std::byte*>(base);
    fresh.bytes_ = bytes;
    mapped = std::move(fresh);
    return {};
}

std::uint64_t address_space_limit() noexcept {
    rlimit limit{};
    const bool is_limited =
        calls::getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    return is_limited ? limit.rlim_cur : UINT64_MAX;
}

}  // namespace procession::inline v0::detail::os
