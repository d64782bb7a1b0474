// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::inline v0::detail::os {

/// A parent's message to a child that it spawns: the number that each duplicated handle has in the
/// child. It is in a section of its own, which the child inherits; the last argument of the child
/// is the section's handle.
struct InheritedTable {
    static constexpr std::uint64_t magic_expected = 0x54494e4845524954;  // "TIREHNIT"
    static constexpr std::uint64_t entries_max = 65536;

    struct Entry {
        std::int64_t in_parent;
        std::int64_t in_child;
    };

    std::uint64_t magic;
    std::uint64_t count;
    Entry entries[1];  // `count` of them

    [[nodiscard]] static constexpr std::uint64_t bytes_for(std::uint64_t count) noexcept {
        return sizeof(InheritedTable) + count * sizeof(Entry);
    }
};

/// The last argument of a child is this text and the number of the section's handle.
inline constexpr wchar_t inherited_table_marker[] = L"--procession-handles=";

}  // namespace procession::inline v0::detail::os
