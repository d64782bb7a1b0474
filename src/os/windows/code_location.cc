// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/code_location.h"

#include <cstring>
#include <span>

#include "base/hexadecimal.h"
#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

namespace {

using Base = const unsigned char*;

const IMAGE_NT_HEADERS64& headers_of(Base image) noexcept {
    const auto& dos = *reinterpret_cast<const IMAGE_DOS_HEADER*>(image);
    return *reinterpret_cast<const IMAGE_NT_HEADERS64*>(image + dos.e_lfanew);
}

/// A record that the linker writes for debuggers: "RSDS", a GUID, an age, the name of a file.
struct CodeView {
    char magic[4];
    unsigned char guid[16];
    std::uint32_t age;
};

std::string build_id_of(Base image) {
    const auto& headers = headers_of(image);
    const auto& directory = headers.OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_DEBUG];
    const auto* entry =
        reinterpret_cast<const IMAGE_DEBUG_DIRECTORY*>(image + directory.VirtualAddress);
    for (DWORD left = directory.Size / sizeof *entry; left > 0; --left, ++entry) {
        if (entry->Type != IMAGE_DEBUG_TYPE_CODEVIEW || entry->SizeOfData < sizeof(CodeView))
            continue;
        const auto& view = *reinterpret_cast<const CodeView*>(image + entry->AddressOfRawData);
        if (std::memcmp(view.magic, "RSDS", sizeof view.magic) != 0) continue;
        return base::hexadecimal(std::as_bytes(std::span(view.guid)));
    }
    return {};
}

bool has_code_at(Base image, std::uint64_t offset) noexcept {
    const auto& headers = headers_of(image);
    // The section table follows the headers (IMAGE_FIRST_SECTION).
    const auto* section = reinterpret_cast<const IMAGE_SECTION_HEADER*>(
        reinterpret_cast<Base>(&headers.OptionalHeader) + headers.FileHeader.SizeOfOptionalHeader);
    for (WORD left = headers.FileHeader.NumberOfSections; left > 0; --left, ++section) {
        const bool code = (section->Characteristics & IMAGE_SCN_MEM_EXECUTE) != 0;
        if (code && offset >= section->VirtualAddress &&
            offset - section->VirtualAddress < section->Misc.VirtualSize) {
            return true;
        }
    }
    return false;
}

Base program() noexcept { return reinterpret_cast<Base>(::GetModuleHandleW(nullptr)); }

Base image_of(const void* code) noexcept {
    HMODULE module = nullptr;
    ::GetModuleHandleExW(
        GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT,
        static_cast<const wchar_t*>(code), &module);
    return reinterpret_cast<Base>(module);
}

std::wstring path_of(Base image) {
    return path_of_module(reinterpret_cast<HMODULE>(const_cast<unsigned char*>(image)));
}

}  // namespace

std::error_code locate_code(const void* code, CodeLocation& location) {
    const Base image = image_of(code);
    if (image == nullptr) return std::make_error_code(std::errc::address_not_available);
    const auto offset = static_cast<std::uint64_t>(static_cast<Base>(code) - image);
    if (!has_code_at(image, offset)) return std::make_error_code(std::errc::address_not_available);
    location = {image == program() ? "" : utf8_of(path_of(image)), build_id_of(image), offset};
    return {};
}

std::error_code find_code(const CodeLocation& location, const void*& code) {
    Base image = program();
    if (!location.image.empty()) {
        // Finds only an image that is loaded already.
        image = reinterpret_cast<Base>(::GetModuleHandleW(utf16_of(location.image).c_str()));
    }
    const bool is_ambiguous = location.build_id.empty() && !location.image.empty();
    if (image == nullptr || is_ambiguous || build_id_of(image) != location.build_id)
        return std::make_error_code(std::errc::no_such_file_or_directory);
    if (!has_code_at(image, location.offset)) return std::make_error_code(std::errc::bad_address);
    code = image + location.offset;
    return {};
}

std::string program_build_id() { return build_id_of(program()); }

}  // namespace procession::inline v0::detail::os
