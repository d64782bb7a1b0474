// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/sealed_bytes.h"

#include <cstring>

#include "base/step.h"
#include "os/windows/view.h"

// All handles to such a section are read-only, and no holder can make a handle with more rights.

namespace procession::inline v0::detail::os {

namespace {

/// Precedes the bytes, because the size of a section is a multiple of the page size.
struct Length {
    std::uint64_t bytes;
};

}  // namespace

std::error_code seal_bytes(const char* /*name*/, std::span<const std::span<const std::byte>> parts,
                           Handle& sealed) noexcept {
    Length length{};
    for (const auto part : parts) length.bytes += part.size();
    const std::uint64_t total = sizeof length + length.bytes;
    const Handle section(::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE,
                                              high_of(total), low_of(total), nullptr));
    if (!section.valid()) return last_error();
    const View view(section.get(), FILE_MAP_WRITE, total);
    if (!view.valid()) return last_error();
    std::memcpy(view.as<void>(), &length, sizeof length);
    std::byte* to = view.as<std::byte>() + sizeof length;
    for (const auto part : parts) {
        if (!part.empty()) std::memcpy(to, part.data(), part.size());
        to += part.size();
    }
    PROCESSION_STEP("seal.written");
    Handle copy = duplicate_here(section.get(), SECTION_MAP_READ | SECTION_QUERY, false);
    if (!copy.valid()) return last_error();
    sealed = std::move(copy);
    return {};
}

SealedBytes::~SealedBytes() {
    if (bytes_.data() != nullptr)
        ::UnmapViewOfFile(const_cast<std::byte*>(bytes_.data()) - sizeof(Length));
}

std::error_code SealedBytes::open(const Handle& sealed) noexcept {
    if (View(sealed.get(), FILE_MAP_WRITE).valid())
        return std::make_error_code(std::errc::permission_denied);
    View view(sealed.get(), FILE_MAP_READ);
    if (!view.valid()) return last_error();
    Length length{};
    std::memcpy(&length, view.as<void>(), sizeof length);
    if (view.bytes() - sizeof length < length.bytes)
        return std::make_error_code(std::errc::invalid_argument);
    bytes_ = {static_cast<const std::byte*>(view.release()) + sizeof length,
              static_cast<std::size_t>(length.bytes)};
    return {};
}

}  // namespace procession::inline v0::detail::os
