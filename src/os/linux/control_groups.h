// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace procession::os {

/// Where the memory of a process is accounted: one group, and all that it is in.
///
/// Both versions of control groups may limit it at once (a hybrid system mounts both), and each
/// level from the group up to the mount point: that of a container, of a slice of systemd, of a
/// user. A level is a folder; what is above the mount point cannot be seen from here.
struct MemoryGroups {
    /// The folder of the group, below or at the mount point, whose name has `mount` letters.
    /// Empty: there is none.
    struct Folder {
        std::array<char, 2048> path{};
        std::size_t mount = 0;
    };
    Folder version_1;  // of the memory controller
    Folder version_2;
};

/// The groups of this process, by /proc/self/cgroup and /proc/self/mountinfo below `root`: "" is
/// the system itself. Without /proc, the places where they usually are. Of a group whose folder
/// cannot be seen (that of a container which has another one's mount), the mount point is taken.
void find_memory_groups(const char* root, MemoryGroups& found) noexcept;

inline constexpr std::uint64_t no_memory_limit = std::numeric_limits<std::uint64_t>::max();

/// How much more the groups let this process have: the least of what each level leaves. When it is
/// less than `enough`, the page cache is counted out, as far as the kernel would drop it first.
///
/// A level leaves what is between its limit and its usage:
///   version 2  memory.max; and memory.high, above which the kernel does not kill, but stops each
///              allocation for seconds, since shared memory cannot be reclaimed
///   version 1  memory.limit_in_bytes, and memory.memsw.limit_in_bytes, with swap on both sides;
///              up to a level that does not account for those below it (memory.use_hierarchy)
/// Swap is no room: a queue that is swapped out is none. Of a hard limit a part is kept back, for
/// what the kernel accounts for late or takes on the way (page tables), and for the process that
/// is told.
[[nodiscard]] std::uint64_t memory_left_by(const MemoryGroups& groups,
                                           std::uint64_t enough) noexcept;

/// Both, for this process; what was found is believed for a second.
[[nodiscard]] std::uint64_t memory_left_by_groups(std::uint64_t enough) noexcept;

}  // namespace procession::os
