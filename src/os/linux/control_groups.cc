// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/linux/control_groups.h"

#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "os/handle.h"
#include "os/linux/calls.h"
#include "os/linux/file_io.h"

namespace procession::inline v0::detail::os {

namespace {

using Folder = MemoryGroups::Folder;
using Path = std::array<char, 2048>;

/// Removes from `text` everything up to the first `mark`, inclusive.
/// Returns: what was removed, without the mark.
std::string_view take_until(std::string_view& text, char mark) noexcept {
    const std::size_t at = std::min(text.find(mark), text.size());
    const std::string_view part = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return part;
}

bool has_word(std::string_view list, std::string_view word) noexcept {
    while (!list.empty()) {
        if (take_until(list, ',') == word) return true;
    }
    return false;
}

/// Whether `path` is `top`, or a folder below it.
bool is_below(std::string_view path, std::string_view top) noexcept {
    if (top == "/") return true;
    return path.starts_with(top) && (path.size() == top.size() || path[top.size()] == '/');
}

/// Concatenates the parts into `path`; makes it empty when they are too long.
template <class... Parts>
std::size_t join(Path& path, Parts... parts) noexcept {
    std::size_t length = 0;
    for (const std::string_view part : {std::string_view(parts)...}) {
        if (part.size() >= path.size() - length) return path[0] = '\0';
        length += part.copy(path.data() + length, part.size());
    }
    path[length] = '\0';
    return length;
}

/// Decodes a path of mountinfo, in which spaces and the like are written as "\040" (proc(5)).
std::size_t unescape(std::string_view text, Path& path) noexcept {
    std::size_t length = 0;
    for (std::size_t i = 0; i < text.size() && length + 1 < path.size(); ++i) {
        unsigned letter = 0;
        const bool escaped =
            text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(&text[i + 1], &text[i + 4], letter, 8).ptr == &text[i + 4];
        path[length++] = escaped ? static_cast<char>(letter) : text[i];
        if (escaped) i += 3;
    }
    path[length] = '\0';
    return length;
}

/// The names of the process's groups in both hierarchies; empty if it is in none.
struct Names {
    Path version_1{};
    Path version_2{};
};

// "0::/user.slice" is version 2, "4:cpu,memory:/docker/x" version 1.
bool read_names(const char* root, Names& names) noexcept {
    Path path;
    join(path, root, "/proc/self/cgroup");
    return each_line(path.data(), [&](std::string_view line) {
        const std::string_view number = take_until(line, ':');
        const std::string_view controllers = take_until(line, ':');
        if (number == "0" && controllers.empty()) join(names.version_2, line);
        if (has_word(controllers, "memory")) join(names.version_1, line);
    });
}

/// One line of mountinfo.
struct Mount {
    std::string_view top;  // the group that is mounted
    std::string_view at;   // the mount point
    bool is_version_1 = false;
    bool is_version_2 = false;
};

// "32 31 0:29 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory"
Mount read_mount(std::string_view line) noexcept {
    Mount mount;
    for (int field = 0; field < 3; ++field) take_until(line, ' ');
    mount.top = take_until(line, ' ');
    mount.at = take_until(line, ' ');
    const std::size_t separator = line.find(" - ");
    if (separator == std::string_view::npos) return mount;
    line.remove_prefix(separator + 3);
    const std::string_view type = take_until(line, ' ');
    take_until(line, ' ');
    mount.is_version_2 = type == "cgroup2";
    mount.is_version_1 = type == "cgroup" && has_word(line, "memory");
    return mount;
}

/// Sets `folder` to the group `name` as seen through `mount`, if this mount shows more levels than
/// the one that was chosen before.
void consider(const Mount& mount, const char* root, std::string_view name, Folder& folder,
              std::size_t& top_taken) noexcept {
    Path top;
    const std::string_view top_name(top.data(), unescape(mount.top, top));
    // A name that begins with ".." is that of a group outside of what this process may see.
    const bool is_visible = !name.empty() && !name.starts_with("/..") && is_below(name, top_name);
    const std::size_t rank = is_visible ? top_name.size() : Path{}.size();
    if (folder.mount != 0 && rank >= top_taken) return;
    top_taken = rank;
    Path at;
    unescape(mount.at, at);
    folder.mount = join(folder.path, root, at.data());
    if (!is_visible || name == "/") return;
    name.remove_prefix(top_name == "/" ? 0 : top_name.size());
    Path whole;
    if (join(whole, folder.path.data(), name) != 0) folder.path = whole;
}

/// The number in a file of the folder; no_memory_limit if there is no file, or it says "max".
std::uint64_t number_in(std::string_view folder, const char* file) noexcept {
    Path path;
    char text[64];
    join(path, folder, "/", file);
    if (!read_small_file(path.data(), text)) return no_memory_limit;
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(text, text + std::strlen(text), number);
    // In version 1 "unlimited" is the largest number of whole pages.
    constexpr std::uint64_t unlimited = std::uint64_t{1} << 62;
    return parsed.ec == std::errc() && number < unlimited ? number : no_memory_limit;
}

/// The bytes of page cache that has not been used lately: the kernel drops it before it kills
/// processes.
std::uint64_t droppable(std::string_view folder, std::string_view word) noexcept {
    Path path;
    join(path, folder, "/memory.stat");
    std::uint64_t bytes = 0;
    each_line(path.data(), [&](std::string_view line) {
        if (take_until(line, ' ') == word) std::from_chars(line.begin(), line.end(), bytes);
    });
    return bytes;
}

std::uint64_t left_of(std::uint64_t limit, std::uint64_t used) noexcept {
    return limit > used ? limit - used : 0;
}

/// The part of a hard limit that may be used; the rest is a reserve. (The kernel accounts in
/// batches of 256 KiB per processor.)
std::uint64_t usable_part_of(std::uint64_t limit) noexcept {
    if (limit == no_memory_limit) return limit;
    return limit - std::min(limit / 32, std::uint64_t{16} << 20);
}

std::uint64_t left_at_level_2(std::string_view folder, std::uint64_t enough) noexcept {
    const std::uint64_t limit =
        std::min(usable_part_of(number_in(folder, "memory.max")), number_in(folder, "memory.high"));
    if (limit == no_memory_limit) return limit;
    const std::uint64_t used = number_in(folder, "memory.current");
    if (used == no_memory_limit) return limit;
    const std::uint64_t left = left_of(limit, used);
    if (left >= enough) return left;
    return left_of(limit, left_of(used, droppable(folder, "inactive_file")));
}

std::uint64_t left_at_level_1(std::string_view folder, std::uint64_t enough) noexcept {
    std::uint64_t least = no_memory_limit;
    const std::array<std::array<const char*, 2>, 2> accounts{
        {{"memory.limit_in_bytes", "memory.usage_in_bytes"},
         {"memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes"}}};
    for (const auto& [limit_file, usage_file] : accounts) {
        const std::uint64_t limit = usable_part_of(number_in(folder, limit_file));
        if (limit == no_memory_limit) continue;
        const std::uint64_t used = number_in(folder, usage_file);
        if (used == no_memory_limit) continue;
        std::uint64_t left = left_of(limit, used);
        if (left < enough) {
            left = left_of(limit, left_of(used, droppable(folder, "total_inactive_file")));
        }
        least = std::min(least, left);
    }
    return least;
}

/// Calls visit(folder) for the group, its parent, and so on up to the mount point, until visit()
/// returns false.
template <class Visit>
void each_level(const Folder& folder, Visit visit) noexcept {
    std::string_view path(folder.path.data());
    if (path.empty()) return;
    while (visit(path) && path.size() > folder.mount) {
        path = path.substr(0, std::max(path.rfind('/'), folder.mount));
    }
}

}  // namespace

void find_memory_groups(const char* root, MemoryGroups& found) noexcept {
    found = {};
    Names names;
    read_names(root, names);
    std::size_t top_1 = 0;
    std::size_t top_2 = 0;
    Path path;
    join(path, root, "/proc/self/mountinfo");
    const bool has_mountinfo = each_line(path.data(), [&](std::string_view line) {
        const Mount mount = read_mount(line);
        if (mount.is_version_1)
            consider(mount, root, names.version_1.data(), found.version_1, top_1);
        if (mount.is_version_2)
            consider(mount, root, names.version_2.data(), found.version_2, top_2);
    });
    if (has_mountinfo) return;
    consider({"/", "/sys/fs/cgroup/memory"}, root, names.version_1.data(), found.version_1, top_1);
    consider({"/", "/sys/fs/cgroup"}, root, names.version_2.data(), found.version_2, top_2);
}

std::uint64_t memory_left_by(const MemoryGroups& groups, std::uint64_t enough) noexcept {
    std::uint64_t least = no_memory_limit;
    each_level(groups.version_2, [&](std::string_view folder) {
        least = std::min(least, left_at_level_2(folder, enough));
        return true;
    });
    bool is_the_first = true;
    each_level(groups.version_1, [&](std::string_view folder) {
        if (!std::exchange(is_the_first, false) && number_in(folder, "memory.use_hierarchy") == 0) {
            return false;
        }
        least = std::min(least, left_at_level_1(folder, enough));
        return true;
    });
    return least;
}

std::uint64_t memory_left_by_groups(std::uint64_t enough) noexcept {
    using Clock = std::chrono::steady_clock;
    static constinit std::atomic_flag in_use;  // guards the next three; never waited for
    static constinit MemoryGroups known;
    static constinit Clock::time_point found_at;
    static constinit bool is_known = false;
    // acquire: pairs with clear() below. If the flag is set when the process forks, it stays set in
    // the child, which then looks the groups up at each call.
    if (in_use.test_and_set(std::memory_order_acquire)) {
        MemoryGroups groups;
        find_memory_groups("", groups);
        return memory_left_by(groups, enough);
    }
    const auto now = Clock::now();
    if (!is_known || now - found_at > std::chrono::seconds(1)) {
        find_memory_groups("", known);
        found_at = now;
        is_known = true;
    }
    const std::uint64_t left = memory_left_by(known, enough);
    in_use.clear(std::memory_order_release);
    return left;
}

}  // namespace procession::inline v0::detail::os
