// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What cannot be a queue's memory is refused when it arrives, with the reason: also a file with a
// queue's bytes in it.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

#include "queue/shared_queue.h"
#include "support/queue_helpers.h"

namespace procession {

using namespace detail;
namespace {

using queue::SharedQueue;
using testing::contains;

/// A queue whose bytes are copied into files of other kinds.
class ForeignFile : public ::testing::Test {
  protected:
    [[nodiscard]] static const os::Handle& ours(const SharedQueue& core) {
        return core.segment().file();
    }
    [[nodiscard]] std::uint64_t bytes() const {
        const off_t end = ::lseek(ours(*queue_).get(), 0, SEEK_END);
        return static_cast<std::uint64_t>(end);
    }
    [[nodiscard]] os::Handle copied_into(int descriptor) const {
        os::Handle copy(descriptor);
        EXPECT_TRUE(copy.valid());
        off_t from = 0;
        while (::copy_file_range(ours(*queue_).get(), &from, copy.get(), nullptr, bytes(), 0) > 0) {
        }
        return copy;
    }
    [[nodiscard]] os::Handle memory_copy(int seals) const {
        os::Handle copy = copied_into(::memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING));
        EXPECT_EQ(::fcntl(copy.get(), F_ADD_SEALS, seals), 0);
        return copy;
    }
    static void expect_refused(os::Handle file, const std::string& because) {
        const auto why = testing::message_of<CorruptSegment>(
            [&] { (void)SharedQueue::attach(std::move(file)); });
        EXPECT_TRUE(contains(why, because)) << why;
    }

    std::shared_ptr<SharedQueue> queue_ =
        SharedQueue::create(QueueKind::plain, TypeStamp{}, QueueOptions{});
};

TEST_F(ForeignFile, a_copy_of_a_queue_in_the_same_kind_of_file_is_one) {
    EXPECT_NE(SharedQueue::attach(memory_copy(F_SEAL_SHRINK)), nullptr);
    EXPECT_NE(SharedQueue::attach(memory_copy(F_SEAL_SHRINK | F_SEAL_SEAL)), nullptr);
}
TEST_F(ForeignFile, memory_that_could_shrink_is_refused) {
    expect_refused(memory_copy(0), "it may shrink");
}
TEST_F(ForeignFile, memory_that_cannot_grow_is_refused) {
    expect_refused(memory_copy(F_SEAL_SHRINK | F_SEAL_GROW), "sealed against growing or writing");
}
TEST_F(ForeignFile, memory_that_cannot_be_written_is_refused) {
    expect_refused(memory_copy(F_SEAL_SHRINK | F_SEAL_WRITE), "sealed against growing or writing");
    expect_refused(memory_copy(F_SEAL_SHRINK | F_SEAL_FUTURE_WRITE),
                   "sealed against growing or writing");
}
TEST_F(ForeignFile, a_descriptor_for_reading_only_is_refused) {
    const std::string path = "/proc/self/fd/" + std::to_string(ours(*queue_).get());
    expect_refused(os::Handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), "reading and writing");
    expect_refused(os::Handle(::open(path.c_str(), O_PATH | O_CLOEXEC)), "reading and writing");
}
TEST_F(ForeignFile, memory_of_huge_pages_is_refused) {
    os::Handle huge(::memfd_create("huge", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB));
    if (!huge.valid()) GTEST_SKIP() << "this kernel has no huge pages";
    ASSERT_EQ(::ftruncate(huge.get(), off_t{4} << 20), 0);
    ASSERT_EQ(::fcntl(huge.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
    expect_refused(std::move(huge), "is not in ordinary memory");
}
TEST_F(ForeignFile, files_on_a_disk_and_in_memory_that_have_a_name_are_refused) {
    for (const char* folder : {"/tmp", "/dev/shm"}) {
        const int file = ::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (file < 0) continue;  // not every file system can
        expect_refused(copied_into(file), "handle is no Procession memory");
    }
}
TEST_F(ForeignFile, what_is_no_file_is_refused) {
    int ends[2];
    ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    expect_refused(os::Handle(ends[0]), "handle is no Procession memory");
    expect_refused(os::Handle(ends[1]), "handle is no Procession memory");
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    expect_refused(os::Handle(ends[0]), "handle is no Procession memory");
    expect_refused(os::Handle(ends[1]), "handle is no Procession memory");
    expect_refused(os::Handle(::open("/dev/zero", O_RDWR | O_CLOEXEC)),
                   "handle is no Procession memory");
    expect_refused(os::Handle(::open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC)),
                   "handle is no Procession memory");
}
TEST_F(ForeignFile, memory_that_is_larger_than_the_queue_may_become_is_refused) {
    os::Handle copy = memory_copy(F_SEAL_SHRINK);
    const auto total = static_cast<off_t>(queue_->segment().header().total_bytes);
    ASSERT_EQ(::ftruncate(copy.get(), total + 1), 0);
    expect_refused(std::move(copy), "sizes contradict each other");
}

}  // namespace
}  // namespace procession
