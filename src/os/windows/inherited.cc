// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/inherited.h"

#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

#include "os/windows/inherited_table.h"
#include "os/windows/section_head.h"
#include "os/windows/stream_name.h"

namespace procession::inline v0::detail::os {

namespace {

/// The section whose handle the last argument of this process names.
Handle table_section() noexcept {
    const std::wstring_view line(::GetCommandLineW());
    const std::size_t last = line.rfind(inherited_table_marker);
    if (last == line.npos) return {};
    const wchar_t* const number = line.data() + last + std::size(inherited_table_marker) - 1;
    return Handle(reinterpret_cast<HANDLE>(std::wcstoull(number, nullptr, 10)));
}

/// A copy of the table; empty when this process was not spawned by Procession.
std::vector<InheritedTable::Entry> read_table() {
    std::vector<InheritedTable::Entry> entries;
    Handle section = table_section();
    if (!section.valid()) return entries;
    const View view(section.get(), FILE_MAP_READ);
    if (!view.valid()) {
        static_cast<void>(section.release());  // not our handle: the argument was forged
        return entries;
    }
    const auto& table = *view.as<const InheritedTable>();
    const std::uint64_t bytes = view.bytes();
    const bool is_whole = bytes >= sizeof(InheritedTable) &&
                          table.magic == InheritedTable::magic_expected &&
                          table.count <= InheritedTable::entries_max &&
                          InheritedTable::bytes_for(table.count) <= bytes;
    if (is_whole) entries.assign(table.entries, table.entries + table.count);
    return entries;
}

}  // namespace

Handle find_inherited(std::int64_t number) noexcept try {
    static const std::vector<InheritedTable::Entry> table = read_table();
    for (const auto& each : table) {
        if (each.in_parent == number) return Handle(reinterpret_cast<HANDLE>(each.in_child));
    }
    return {};
} catch (const std::bad_alloc&) {
    return {};
}

bool may_refer_to(const Handle& handle, const FileIdentity& identity) noexcept try {
    FileIdentity found;
    std::uint64_t size = 0;
    if (identify(handle, found, size)) return false;
    return found == identity || is_nameless_pipe(handle.get());
} catch (const std::bad_alloc&) {
    return false;
}

std::string describe(NativeHandle handle) {
    SectionHeadView head;
    if (!SectionHeadView::map(handle, head)) return "shared memory";
    switch (::GetFileType(handle)) {
        case FILE_TYPE_DISK: {
            std::wstring path(1024, L'\0');
            const DWORD length = ::GetFinalPathNameByHandleW(
                handle, path.data(), static_cast<DWORD>(path.size()), FILE_NAME_NORMALIZED);
            if (length == 0 || length >= path.size()) return "file";
            return utf8_of({path.data(), length});
        }
        case FILE_TYPE_CHAR: return "console";
        case FILE_TYPE_PIPE: return "pipe";
        default: return "handle";
    }
}

void close_on_exec(NativeHandle handle) noexcept {
    ::SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0);
}

}  // namespace procession::inline v0::detail::os
