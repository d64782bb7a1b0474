// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/code_location.h"

#include <elf.h>
#include <link.h>

#include <cstring>

#include "base/hexadecimal.h"

namespace procession::inline v0::detail::os {

namespace {

std::uintptr_t address_of(const void* pointer) noexcept {
    return reinterpret_cast<std::uintptr_t>(pointer);
}

// The GNU build id in the notes of one PT_NOTE segment; empty when there is none.
std::string build_id_in_notes(std::uintptr_t begin, std::size_t bytes, std::size_t alignment) {
    const std::size_t step = alignment == 8 ? 8 : 4;
    const auto rounded = [step](std::size_t size) { return (size + step - 1) / step * step; };
    std::size_t at = 0;
    while (at + sizeof(ElfW(Nhdr)) <= bytes) {
        ElfW(Nhdr) note{};
        std::memcpy(&note, reinterpret_cast<const void*>(begin + at), sizeof note);
        const std::size_t name_at = at + sizeof note;
        const std::size_t value_at = rounded(name_at + note.n_namesz);
        if (value_at + note.n_descsz > bytes) return {};
        const auto* name = reinterpret_cast<const char*>(begin + name_at);
        if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
            std::memcmp(name, "GNU", 4) == 0) {
            return base::hexadecimal(
                {reinterpret_cast<const std::byte*>(begin + value_at), note.n_descsz});
        }
        at = rounded(value_at + note.n_descsz);
    }
    return {};
}

std::string build_id_of(const dl_phdr_info& image) {
    for (int i = 0; i < image.dlpi_phnum; ++i) {
        const auto& part = image.dlpi_phdr[i];
        if (part.p_type != PT_NOTE) continue;
        std::string found =
            build_id_in_notes(image.dlpi_addr + part.p_vaddr, part.p_memsz, part.p_align);
        if (!found.empty()) return found;
    }
    return {};
}

bool has_code_at(const dl_phdr_info& image, std::uint64_t offset) noexcept {
    for (int i = 0; i < image.dlpi_phnum; ++i) {
        const auto& part = image.dlpi_phdr[i];
        const bool code = part.p_type == PT_LOAD && (part.p_flags & PF_X) != 0;
        if (code && offset >= part.p_vaddr && offset - part.p_vaddr < part.p_memsz) return true;
    }
    return false;
}

// Calls visit(image, is_program) for each loaded image until visit() returns true. The first one is
// the program itself (dl_iterate_phdr(3)).
template <class Visit>
bool any_image(Visit visit) {
    struct State {
        Visit& visit;
        bool first = true;
    } state{visit};
    const auto step = [](dl_phdr_info* image, std::size_t, void* context) -> int {
        auto& now = *static_cast<State*>(context);
        const bool is_program = now.first;
        now.first = false;
        return now.visit(*image, is_program) ? 1 : 0;
    };
    return ::dl_iterate_phdr(step, &state) != 0;
}

}  // namespace

std::error_code locate_code(const void* code, CodeLocation& location) {
    const bool found = any_image([&](const dl_phdr_info& image, bool is_program) {
        const std::uint64_t offset = address_of(code) - image.dlpi_addr;
        if (!has_code_at(image, offset)) return false;
        location = {is_program ? "" : image.dlpi_name, build_id_of(image), offset};
        return true;
    });
    if (!found) return std::make_error_code(std::errc::address_not_available);
    return {};
}

std::error_code find_code(const CodeLocation& location, const void*& code) {
    std::error_code problem = std::make_error_code(std::errc::no_such_file_or_directory);
    any_image([&](const dl_phdr_info& image, bool is_program) {
        const bool is_the_program = is_program && location.image.empty();
        const bool is_ambiguous = location.build_id.empty() && !is_the_program;
        if (is_ambiguous || build_id_of(image) != location.build_id) return false;
        if (!has_code_at(image, location.offset)) {
            problem = std::make_error_code(std::errc::bad_address);
            return true;
        }
        code = reinterpret_cast<const void*>(image.dlpi_addr + location.offset);
        problem.clear();
        return true;
    });
    return problem;
}

std::string program_build_id() {
    std::string build_id;
    any_image([&](const dl_phdr_info& image, bool) {
        build_id = build_id_of(image);
        return true;
    });
    return build_id;
}

}  // namespace procession::inline v0::detail::os
