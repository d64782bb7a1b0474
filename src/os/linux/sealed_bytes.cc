// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/sealed_bytes.h"

#include "base/step.h"
#include "os/linux/calls.h"
#include "os/linux/file_io.h"

namespace procession::inline v0::detail::os {

namespace {

constexpr int unchangeable = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;

}  // namespace

std::error_code seal_bytes(const char* name, std::span<const std::span<const std::byte>> parts,
                           Handle& sealed) noexcept {
    Handle file(calls::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!file.valid()) return calls::last_error();
    for (const auto part : parts) {
        if (const auto problem = write_all(file, part)) return problem;
    }
    PROCESSION_STEP("seal.written");
    if (calls::add_seals(file.get(), unchangeable | F_SEAL_SEAL) != 0) return calls::last_error();
    sealed = std::move(file);
    return {};
}

SealedBytes::~SealedBytes() {
    if (!bytes_.empty()) calls::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

std::error_code SealedBytes::open(const Handle& sealed) noexcept {
    const int seals = calls::get_seals(sealed.get());
    if (seals < 0) return calls::last_error();
    if ((seals & unchangeable) != unchangeable)
        return std::make_error_code(std::errc::permission_denied);
    struct stat status{};
    if (calls::fstat(sealed.get(), &status) != 0) return calls::last_error();
    const auto size = static_cast<std::size_t>(status.st_size);
    if (size == 0) return {};
    void* base = calls::mmap(size, PROT_READ, MAP_PRIVATE, sealed.get());
    if (base == MAP_FAILED) return calls::last_error();
    bytes_ = {static_cast<const std::byte*>(base), size};
    return {};
}

}  // namespace procession::inline v0::detail::os
