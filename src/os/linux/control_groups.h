// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace procession::inline v0::detail::os {

/// The control groups that account for the memory of a process.
///
/// Both versions of control groups may limit it at once (a hybrid system mounts both). Within one
/// version, each level from the process's group up to the mount point may limit it: that of a
/// container, of a slice of systemd, of a user. A level is a folder. What is above the mount point
/// cannot be seen from here.
struct MemoryGroups {
    /// The folder of the process's group: the mount point, or a folder below it. The path of the
    /// mount point is the first `mount` characters. Empty if there is no group.
    struct Folder {
        std::array<char, 2048> path{};
        std::size_t mount = 0;
    };
    Folder version_1;  // of the memory controller
    Folder version_2;
};

/// Finds the groups of this process in /proc/self/cgroup and /proc/self/mountinfo below `root`,
/// which is "" except in tests. Without /proc, the usual paths are assumed. If the folder of a
/// group cannot be seen (as in a container that has another container's mount), the mount point is
/// used.
void find_memory_groups(const char* root, MemoryGroups& found) noexcept;

inline constexpr std::uint64_t no_memory_limit = std::numeric_limits<std::uint64_t>::max();

/// How many more bytes the groups allow this process: the minimum over all levels. If that is less
/// than `enough`, page cache that the kernel would drop first does not count as used.
///
/// A level allows the difference between its limit and its usage:
///   version 2  memory.max; and memory.high, above which the kernel kills no process but delays
///   each
///              allocation by seconds, since shared memory cannot be reclaimed
///   version 1  memory.limit_in_bytes; and memory.memsw.limit_in_bytes, in which limit and usage
///              include swap; up to the first level that does not include the levels below it
///              (memory.use_hierarchy)
/// Swap does not count as memory: a queue that is swapped out is useless. A part of each hard limit
/// is held in reserve, for what the kernel accounts for late or needs itself (page tables), and for
/// the process that gets the error.
[[nodiscard]] std::uint64_t memory_left_by(const MemoryGroups& groups,
                                           std::uint64_t enough) noexcept;

/// Does both for this process. The groups are looked up again after one second.
[[nodiscard]] std::uint64_t memory_left_by_groups(std::uint64_t enough) noexcept;

}  // namespace procession::inline v0::detail::os
