// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/linux/control_groups.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "contract/posix_fixture.h"
#include "support/files.h"

// Which memory limits hold for a process, as folders of made-up systems tell it.

namespace procession::inline v0::detail::os {
namespace {

constexpr std::uint64_t MiB = 1 << 20;

/// A system in a folder.
class Groups : public ::testing::Test {
  protected:
    Groups() {
        file("proc/self/cgroup", "");
        file("proc/self/mountinfo", "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n");
    }
    ~Groups() override { std::filesystem::remove_all(root_); }

    void file(const std::string& path, const std::string& text) {
        const auto whole = root_ / path;
        std::filesystem::create_directories(whole.parent_path());
        testing::write_file(whole.string(), text);
    }
    void is_in(const std::string& lines) { file("proc/self/cgroup", lines); }
    void mounted(const std::string& top, const std::string& at, const std::string& type_and_rest) {
        mounts_ += "31 21 0:28 " + top + " " + at + " rw,nosuid shared:4 - " + type_and_rest + "\n";
        file("proc/self/mountinfo", mounts_);
    }
    void mounted_2(const std::string& top = "/", const std::string& at = "/sys/fs/cgroup") {
        mounted(top, at, "cgroup2 cgroup2 rw,nsdelegate");
    }
    void mounted_1(const std::string& top = "/") {
        mounted(top, "/sys/fs/cgroup/cpu", "cgroup cgroup rw,cpu");
        mounted(top, "/sys/fs/cgroup/memory", "cgroup cgroup rw,memory");
    }
    /// Bytes, or "max".
    void level_2(const std::string& folder, const std::string& max, std::uint64_t used,
                 const std::string& high = "max") {
        const std::string at = "sys/fs/cgroup" + folder + "/memory.";
        file(at + "max", max + "\n");
        file(at + "high", high + "\n");
        file(at + "current", std::to_string(used) + "\n");
    }
    void level_1(const std::string& folder, std::uint64_t limit, std::uint64_t used) {
        const std::string at = "sys/fs/cgroup/memory" + folder + "/memory.";
        file(at + "limit_in_bytes", std::to_string(limit) + "\n");
        file(at + "usage_in_bytes", std::to_string(used) + "\n");
        file(at + "use_hierarchy", "1\n");
    }

    [[nodiscard]] std::uint64_t left(std::uint64_t enough = 0) const {
        MemoryGroups found;
        find_memory_groups(root_.c_str(), found);
        return memory_left_by(found, enough);
    }
    /// What a hard limit leaves, a part of which is kept back.
    static std::uint64_t within(std::uint64_t limit, std::uint64_t used) {
        return limit - std::min(limit / 32, 16 * MiB) - used;
    }
    static std::string text(std::uint64_t bytes) { return std::to_string(bytes); }

    const std::filesystem::path root_ = testing::make_folder();
    std::string mounts_ = "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw\n";
};

constexpr std::uint64_t kUnlimited1 = 0x7ffffffffffff000;

TEST_F(Groups, limit_nothing_where_there_are_none) { EXPECT_EQ(left(), no_memory_limit); }

TEST_F(Groups, of_version_2_limit_as_a_container_sees_them) {
    is_in("0::/\n");
    mounted_2();
    level_2("", text(100 * MiB), 30 * MiB);
    EXPECT_EQ(left(), within(100 * MiB, 30 * MiB));
}

TEST_F(Groups, of_version_2_limit_at_each_level_up_to_the_mount) {
    is_in("0::/user.slice/user-7.slice/app.scope\n");
    mounted_2();
    level_2("/user.slice", "max", 900 * MiB);
    level_2("/user.slice/user-7.slice", text(512 * MiB), 500 * MiB);
    level_2("/user.slice/user-7.slice/app.scope", text(200 * MiB), 10 * MiB);
    EXPECT_EQ(left(), 0U) << "the slice has less left than what is kept back";
    level_2("/user.slice/user-7.slice", text(512 * MiB), 400 * MiB);
    EXPECT_EQ(left(), within(512 * MiB, 400 * MiB));
    level_2("/user.slice", text(905 * MiB), 880 * MiB);
    EXPECT_EQ(left(), within(905 * MiB, 880 * MiB)) << "the least, wherever it is";
}

TEST_F(Groups, without_a_limit_have_none) {
    is_in("0::/a\n");
    mounted_2();
    level_2("/a", "max", 30 * MiB);
    EXPECT_EQ(left(), no_memory_limit);
}

TEST_F(Groups, without_the_memory_controller_are_passed_over) {
    is_in("0::/a/b\n");
    mounted_2();
    file("sys/fs/cgroup/a/b/cgroup.procs", "");
    level_2("/a", text(64 * MiB), 4 * MiB);
    EXPECT_EQ(left(), within(64 * MiB, 4 * MiB));
}

TEST_F(Groups, that_are_throttled_above_memory_high_count_it_as_a_limit) {
    is_in("0::/a\n");
    mounted_2();
    level_2("/a", text(100 * MiB), 30 * MiB, text(50 * MiB));
    EXPECT_EQ(left(), 20 * MiB);
    level_2("/a", "max", 60 * MiB, text(50 * MiB));
    EXPECT_EQ(left(), 0U);
}

TEST_F(Groups, that_are_full_of_unused_page_cache_have_room) {
    is_in("0::/a\n");
    mounted_2();
    level_2("/a", text(100 * MiB), 95 * MiB);
    file("sys/fs/cgroup/a/memory.stat",
         "anon 1\ninactive_anon 7\ninactive_file " + text(80 * MiB) + "\nactive_file 5\n");
    EXPECT_EQ(left(10 * MiB), within(100 * MiB, 15 * MiB));
    EXPECT_EQ(left(no_memory_limit), within(100 * MiB, 15 * MiB));
}

TEST_F(Groups, of_version_1_limit_at_each_level) {
    is_in("9:name=systemd:/\n4:cpuset,memory,hugetlb:/docker/x/y\n0::/\n");
    mounted("/", "/sys/fs/cgroup/memory", "cgroup cgroup rw,cpuset,memory,hugetlb");
    level_1("", kUnlimited1, 5000 * MiB);
    level_1("/docker", 300 * MiB, 250 * MiB);
    level_1("/docker/x", kUnlimited1, 100 * MiB);
    level_1("/docker/x/y", 128 * MiB, 10 * MiB);
    EXPECT_EQ(left(), within(300 * MiB, 250 * MiB));
    level_1("/docker", 300 * MiB, 30 * MiB);
    EXPECT_EQ(left(), within(128 * MiB, 10 * MiB));
}

TEST_F(Groups, of_version_1_that_do_not_account_for_those_below_do_not_limit_them) {
    is_in("4:memory:/a/b\n");
    mounted_1();
    level_1("/a", 10 * MiB, 9 * MiB);
    level_1("/a/b", 128 * MiB, 10 * MiB);
    file("sys/fs/cgroup/memory/a/memory.use_hierarchy", "0\n");
    EXPECT_EQ(left(), within(128 * MiB, 10 * MiB));
}

TEST_F(Groups, of_version_1_count_swap_that_is_used_up) {
    is_in("4:memory:/a\n");
    mounted_1();
    level_1("/a", 128 * MiB, 10 * MiB);
    file("sys/fs/cgroup/memory/a/memory.memsw.limit_in_bytes", text(256 * MiB));
    file("sys/fs/cgroup/memory/a/memory.memsw.usage_in_bytes", text(240 * MiB));
    EXPECT_EQ(left(), within(256 * MiB, 240 * MiB));
}

TEST_F(Groups, of_version_1_with_unused_page_cache_have_room) {
    is_in("4:memory:/a\n");
    mounted_1();
    level_1("/a", 100 * MiB, 95 * MiB);
    file("sys/fs/cgroup/memory/a/memory.stat", "inactive_file 1\ntotal_inactive_file 83886080\n");
    EXPECT_EQ(left(10 * MiB), within(100 * MiB, 15 * MiB));
}

TEST_F(Groups, of_both_versions_limit_where_a_system_has_both) {
    is_in("4:memory:/a\n0::/b\n");
    mounted_1();
    mounted_2("/", "/sys/fs/cgroup/unified");
    level_1("/a", 100 * MiB, 40 * MiB);
    EXPECT_EQ(left(), within(100 * MiB, 40 * MiB));
    level_2("/unified/b", text(50 * MiB), 40 * MiB);
    EXPECT_EQ(left(), within(50 * MiB, 40 * MiB));
}

TEST_F(Groups, of_a_container_whose_mount_begins_at_its_own_group_are_found) {
    is_in("4:memory:/docker/0af3/inner\n0::/docker/0af3\n");
    mounted_1("/docker/0af3");
    level_1("", 64 * MiB, 4 * MiB);
    level_1("/inner", 32 * MiB, 4 * MiB);
    EXPECT_EQ(left(), within(32 * MiB, 4 * MiB));
    level_1("", 64 * MiB, 50 * MiB);
    EXPECT_EQ(left(), within(64 * MiB, 50 * MiB));
}

TEST_F(Groups, whose_folder_cannot_be_seen_limit_by_what_is_mounted) {
    mounted_2("/other");
    level_2("", text(64 * MiB), 4 * MiB);
    level_2("/x", text(8 * MiB), 4 * MiB);
    for (const char* name :
         {"0::/docker/0af3\n", "0::/../x\n", "0::/otherwise/x\n", "0::/gone\n"}) {
        is_in(name);
        EXPECT_EQ(left(), within(64 * MiB, 4 * MiB)) << name;
    }
    is_in("0::/other/gone (deleted)\n");
    EXPECT_EQ(left(), within(64 * MiB, 4 * MiB));
}

TEST_F(Groups, are_looked_for_where_the_mount_shows_most) {
    is_in("0::/a/b\n");
    mounted_2("/a/b", "/mnt/narrow");
    mounted_2("/", "/sys/fs/cgroup");
    mounted_2("/zzz", "/mnt/other");
    level_2("/a", text(64 * MiB), 60 * MiB);
    level_2("/a/b", "max", 4 * MiB);
    EXPECT_EQ(left(), within(64 * MiB, 60 * MiB));
}

TEST_F(Groups, mounted_where_the_path_has_spaces_are_found) {
    is_in("0::/a\n");
    mounted_2("/", R"(/sys/fs/cgroup/my\040groups)");
    level_2("/my groups/a", text(64 * MiB), 4 * MiB);
    EXPECT_EQ(left(), within(64 * MiB, 4 * MiB));
}

TEST_F(Groups, without_proc_are_looked_for_where_they_usually_are) {
    std::filesystem::remove_all(root_ / "proc");
    level_2("", text(64 * MiB), 4 * MiB);
    EXPECT_EQ(left(), within(64 * MiB, 4 * MiB));
    level_1("", 32 * MiB, 4 * MiB);
    EXPECT_EQ(left(), within(32 * MiB, 4 * MiB));
}

TEST_F(Groups, among_very_many_and_very_long_mounts_are_found) {
    for (int i = 0; i < 500; ++i)
        mounts_ += "40 21 0:9 / /var/lib/x/" + text(static_cast<std::uint64_t>(i)) +
                   " rw - overlay overlay rw,lowerdir=" + std::string(i % 7 == 0 ? 9000 : 90, 'l') +
                   "\n";
    is_in("0::/a\n");
    mounted_2();
    level_2("/a", text(64 * MiB), 4 * MiB);
    EXPECT_EQ(left(), within(64 * MiB, 4 * MiB));
}

TEST_F(Groups, with_garbage_in_their_files_limit_nothing) {
    is_in("0::/a\nnonsense\n:::\n\n4\n");
    mounted_2();
    mounts_ += "31\n\n - \n31 21 0:28 - cgroup2\n";
    file("proc/self/mountinfo", mounts_);
    level_2("/a", "no number", 4 * MiB);
    EXPECT_EQ(left(), no_memory_limit);
    is_in("0::/" + std::string(5000, 'a') + "\n");
    EXPECT_EQ(left(), no_memory_limit);
}

}  // namespace
}  // namespace procession::inline v0::detail::os
