// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "contract/process_fixture.h"
#include "os/linux/control_groups.h"
#include "procession/error.h"

// Queues of a process whose control group has little memory: put() says so, before the kernel
// kills.

namespace procession::testing {

using namespace detail;
namespace {

constexpr std::uint64_t MiB = 1 << 20;

/// A group of the system's own with a limit, and one inside of it without, as far as this process
/// may make them.
class LimitedGroup {
  public:
    explicit LimitedGroup(std::uint64_t limit) {
        os::MemoryGroups mine;
        os::find_memory_groups("", mine);
        make_below(mine.version_2.path.data(), "memory.max", limit);
        if (!is_made()) make_below(mine.version_1.path.data(), "memory.limit_in_bytes", limit);
    }
    ~LimitedGroup() {
        // Its last process has ended, but the kernel may still be counting it there.
        for (const auto& each : {inner_, outer_}) {
            while (!each.empty() && ::rmdir(each.c_str()) != 0 && errno == EBUSY)
                ::poll(nullptr, 0, 1);
        }
    }
    LimitedGroup(const LimitedGroup&) = delete;
    LimitedGroup& operator=(const LimitedGroup&) = delete;

    [[nodiscard]] bool is_made() const { return !outer_.empty(); }
    [[nodiscard]] std::string inner() const { return inner_; }

  private:
    void make_below(const std::string& folder, const std::string& file, std::uint64_t limit) {
        if (folder.empty()) return;
        const std::string made = folder + "/procession-test-" + std::to_string(::getpid());
        if (::mkdir(made.c_str(), 0700) != 0) return;
        outer_ = made;
        const bool is_limited = write(made + "/" + file, std::to_string(limit));
        if (is_limited && ::mkdir((made + "/inner").c_str(), 0700) == 0) {
            inner_ = made + "/inner";
            return;
        }
        ::rmdir(made.c_str());
        outer_.clear();
    }
    static bool write(const std::string& path, const std::string& text) {
        const os::Handle file(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
        return file.valid() &&
               ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
    }

    std::string outer_;
    std::string inner_;
};

void enter(const std::string& group) {
    write_text(open_end(group + "/cgroup.procs", O_WRONLY), std::to_string(::getpid()));
}

/// Returns how many bytes went in before there was no memory for more.
template <class Queue>
std::uint64_t fill(const Queue& queue, std::size_t each) {
    const std::string item(each, 'x');
    for (std::uint64_t bytes = 0;; bytes += each) {
        try {
            queue.put(item);
        } catch (const MemoryError& full) {
            must(std::string(full.what()).find("bytes available") != std::string::npos);
            return bytes;
        }
    }
}

template <class Kind>
void fill_in(const std::string& group, std::uint64_t limit) {
    enter(group);
    for (const std::size_t each : {std::size_t{5'000}, std::size_t{100'000}, 7 * MiB}) {
        const typename Kind::template Queue<std::string> queue;
        const std::uint64_t bytes = fill(queue, each);
        must(bytes > limit / 4 && bytes < limit);
        take(queue);
        must(queue.qsize() == bytes / each - 1);
        queue.put("there is room again");
    }
}

template <class Kind>
class QueueInAGroup : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueInAGroup, BothKinds, KindName);

TYPED_TEST(QueueInAGroup, of_little_memory_refuses_an_item_before_the_kernel_kills) {
    if (sanitized) GTEST_SKIP() << "a sanitizer takes memory of its own";
    for (const auto method : get_all_start_methods()) {
        const LimitedGroup group(64 * MiB);
        if (!group.is_made()) GTEST_SKIP() << "this process may make no control group for memory";
        EXPECT_TRUE(ends_well(Process(method, fill_in<TypeParam>, group.inner(), 64 * MiB)));
    }
}

}  // namespace
}  // namespace procession::testing
