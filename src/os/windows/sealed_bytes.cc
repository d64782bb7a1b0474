// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/sealed_bytes.h"

#include <cstring>

#include "base/step.h"
#include "os/windows/api.h"

// A section whose only handles allow to read: whoever has one cannot make another that allows more.

namespace procession::os {

namespace {

/// Before the bytes: a section is as long as whole pages.
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
    auto* const view =
        static_cast<std::byte*>(::MapViewOfFile(section.get(), FILE_MAP_WRITE, 0, 0, total));
    if (view == nullptr) return last_error();
    std::memcpy(view, &length, sizeof length);
    std::byte* to = view + sizeof length;
    for (const auto part : parts) {
        if (!part.empty()) std::memcpy(to, part.data(), part.size());
        to += part.size();
    }
    ::UnmapViewOfFile(view);
    PROCESSION_STEP("seal.written");
    HANDLE copy = nullptr;
    const HANDLE here = ::GetCurrentProcess();
    if (!::DuplicateHandle(here, section.get(), here, &copy, SECTION_MAP_READ | SECTION_QUERY,
                           FALSE, 0)) {
        return last_error();
    }
    sealed.reset(copy);
    return {};
}

SealedBytes::~SealedBytes() {
    if (bytes_.data() != nullptr)
        ::UnmapViewOfFile(const_cast<std::byte*>(bytes_.data()) - sizeof(Length));
}

std::error_code SealedBytes::open(const Handle& sealed) noexcept {
    if (void* const writable = ::MapViewOfFile(sealed.get(), FILE_MAP_WRITE, 0, 0, 0)) {
        ::UnmapViewOfFile(writable);
        return std::make_error_code(std::errc::permission_denied);
    }
    const void* const view = ::MapViewOfFile(sealed.get(), FILE_MAP_READ, 0, 0, 0);
    if (view == nullptr) return last_error();
    MEMORY_BASIC_INFORMATION about{};
    ::VirtualQuery(view, &about, sizeof about);
    Length length{};
    std::memcpy(&length, view, sizeof length);
    if (about.RegionSize - sizeof length < length.bytes) {
        ::UnmapViewOfFile(view);
        return std::make_error_code(std::errc::invalid_argument);
    }
    bytes_ = {static_cast<const std::byte*>(view) + sizeof length,
              static_cast<std::size_t>(length.bytes)};
    return {};
}

}  // namespace procession::os
