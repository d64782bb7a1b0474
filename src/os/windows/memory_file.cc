// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/memory_file.h"

#include <span>

#include "os/random.h"
#include "os/windows/section_head.h"
#include "os/windows/stream_name.h"

namespace procession::inline v0::detail::os {

namespace {

/// The identity of a handle that is not a memory file. All objects that are neither files nor
/// sections nor ends of streams have the same identity.
std::error_code identify_other(NativeHandle handle, FileIdentity& identity,
                               std::uint64_t& size) noexcept {
    DWORD flags = 0;
    if (!::GetHandleInformation(handle, &flags)) return last_error();
    identity = {1, 0};
    size = 0;
    try {
        if (const auto stream = StreamName::of(handle)) {
            identity = stream->identity();
            return {};
        }
    } catch (const std::bad_alloc&) {
        return std::make_error_code(std::errc::not_enough_memory);
    }
    BY_HANDLE_FILE_INFORMATION about{};
    if (::GetFileType(handle) != FILE_TYPE_DISK || !::GetFileInformationByHandle(handle, &about))
        return {};
    identity = {about.dwVolumeSerialNumber,
                std::uint64_t{about.nFileIndexHigh} << 32 | about.nFileIndexLow};
    size = std::uint64_t{about.nFileSizeHigh} << 32 | about.nFileSizeLow;
    return {};
}

}  // namespace

std::error_code create_memory_file(const char* /*name*/, std::uint64_t most,
                                   Handle& created) noexcept {
    const std::uint64_t bytes = section_head_bytes + most;
    // RESERVE: only address space. allocate() commits the part that is used.
    Handle file(::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE | SEC_RESERVE,
                                     high_of(bytes), low_of(bytes), nullptr));
    if (!file.valid()) return last_error();
    const View view(file.get(), FILE_MAP_WRITE, section_head_bytes);
    if (!view.valid() || ::VirtualAlloc(view.as<void>(), section_head_bytes, MEM_COMMIT,
                                        PAGE_READWRITE) == nullptr) {
        return last_error();
    }
    auto& head = *view.as<SectionHead>();  // all zeros
    const auto problem = fill_random(std::as_writable_bytes(std::span(head.id)));
    head.most = most;
    head.magic = SectionHead::magic_expected;
    if (!problem) created = std::move(file);
    return problem;
}

std::error_code allocate(const Handle& file, std::uint64_t from, std::uint64_t bytes) noexcept {
    SectionHeadView head;
    if (const auto problem = SectionHeadView::map(file.get(), head)) return problem;
    if (head->most < from || head->most - from < bytes)
        return std::make_error_code(std::errc::file_too_large);
    if (bytes > available_memory()) return std::make_error_code(std::errc::not_enough_memory);
    const std::uint64_t begin = from / section_head_bytes * section_head_bytes;
    const View view(file.get(), FILE_MAP_WRITE, from + bytes - begin, section_head_bytes + begin);
    // This commits pages of the section, not of this view: every process that maps it has them.
    if (!view.valid() || ::VirtualAlloc(view.as<void>(), from + bytes - begin, MEM_COMMIT,
                                        PAGE_READWRITE) == nullptr) {
        return last_error();
    }
    std::uint64_t size = head->size.load(std::memory_order_relaxed);  // relaxed: retried
    while (size < from + bytes &&
           !head->size.compare_exchange_weak(size, from + bytes, std::memory_order_release)) {}
    return {};
}

std::error_code decommit(const Handle& /*file*/, std::uint64_t /*from*/,
                         std::uint64_t /*bytes*/) noexcept {
    return std::make_error_code(std::errc::function_not_supported);
}

bool can_decommit() noexcept { return false; }

std::error_code committed_bytes(const Handle& file, std::uint64_t& bytes) noexcept {
    FileIdentity identity;
    return identify(file, identity, bytes);
}

std::error_code identify(const Handle& file, FileIdentity& identity, std::uint64_t& size) noexcept {
    SectionHeadView head;
    const auto problem = SectionHeadView::map(file.get(), head);
    if (problem == std::errc::bad_file_descriptor)
        return identify_other(file.get(), identity, size);
    if (problem) return problem;
    identity = head->identity();
    size = head->size.load(std::memory_order_acquire);
    return {};
}

const char* why_not_memory_file(const Handle& file, MapFor /*use*/) noexcept {
    SectionHeadView head;
    return SectionHeadView::map(file.get(), head) ? "is not in memory, or not writable" : nullptr;
}

std::uint64_t available_memory() noexcept {
    MEMORYSTATUSEX status{};
    status.dwLength = sizeof status;
    return ::GlobalMemoryStatusEx(&status) ? status.ullAvailPageFile : ~std::uint64_t{0};
}

}  // namespace procession::inline v0::detail::os
