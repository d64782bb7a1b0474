// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <thread>

#include "contract/process_fixture.h"
#include "procession/pipe.h"
#include "support/long_tests.h"
#include "support/queue_helpers.h"

// Connections as sockets: their bytes, what the kernel carries beside them, and forks.

namespace procession::testing {
namespace {

using Bytes = std::vector<std::byte>;

TEST(ConnectionBytes, of_more_than_2_GiB_arrive) {
    if (!is_soak() && sanitized) GTEST_SKIP() << "takes minutes in a build with sanitizers";
    // Untouched memory costs nothing to send; the receiver counts in pieces as they come.
    const std::size_t size = (std::size_t{1} << 31) + 12345;
    const auto [one, other] = Pipe();
    std::thread sender([&one = one, size] {
        void* const zeros =
            ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        one.send_bytes(std::span(static_cast<const std::byte*>(zeros), size));
        ::munmap(zeros, size);
        one.send_bytes("next");
    });
    // The wire itself: -1, then the length in 8 bytes.
    const int socket = other.native_handle();
    std::array<std::uint8_t, 12> head{};
    std::size_t got = 0;
    while (got < head.size()) {
        const ssize_t more = ::recv(socket, head.data() + got, head.size() - got, MSG_WAITALL);
        if (more > 0) got += static_cast<std::size_t>(more);
    }
    EXPECT_EQ(head,
              (std::array<std::uint8_t, 12>{255, 255, 255, 255, 0, 0, 0, 0, 0x80, 0, 0x30, 0x39}));
    Bytes space(std::size_t{1} << 20);
    for (std::size_t left = size; left != 0;) {
        const ssize_t more = ::recv(socket, space.data(), std::min(left, space.size()), 0);
        if (more > 0) left -= static_cast<std::size_t>(more);
    }
    EXPECT_EQ(other.recv_bytes(),
              Bytes({std::byte{'n'}, std::byte{'e'}, std::byte{'x'}, std::byte{'t'}}));
    sender.join();
}

TEST(ConnectionHandles, that_the_message_does_not_name_are_closed) {
    const auto [one, other] = Pipe();
    const auto before = open_handles();
    // What no correct peer sends: a handle beside a message that is a plain number.
    const int file = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    std::array<std::byte, 5> message{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{1},
                                     std::byte{7}};
    iovec piece{message.data(), message.size()};
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof file)> control{};
    msghdr head{};
    head.msg_iov = &piece;
    head.msg_iovlen = 1;
    head.msg_control = control.data();
    head.msg_controllen = control.size();
    cmsghdr* rights = CMSG_FIRSTHDR(&head);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof file);
    std::memcpy(CMSG_DATA(rights), &file, sizeof file);
    ASSERT_EQ(::sendmsg(one.native_handle(), &head, 0), 5);
    ::close(file);
    EXPECT_EQ(other.recv<int>(), 7);
    EXPECT_EQ(open_handles(), before);
}

bool is_sole_holder(const Handle& file) {
    // A lock of an open file description: another description of the same file cannot have it.
    return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

void hold_the_file(const ByteConnection& connection) {
    const Handle file = connection.recv_handle();
    connection.send(1);
    static_cast<void>(connection.recv<int>());  // until the parent has looked
}

TEST(ConnectionHandles, of_a_file_keep_its_lock) {
    const Folder folder;
    const Handle file = open_file(folder.file("shared"));
    ASSERT_TRUE(is_sole_holder(file));
    const auto [mine, its] = Pipe();
    Process child(spawn, hold_the_file, its);
    mine.send_handle(file);
    EXPECT_EQ(mine.recv<int>(), 1);
    EXPECT_TRUE(is_sole_holder(file));
    EXPECT_FALSE(is_sole_holder(open_file(folder.file("shared"))));
    mine.send(1);
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

void expect_half_a_message_is_not_mine(const ByteConnection& shared) {
    must(contains(message_of<OSError>([&] { (void)shared.recv_bytes(); }),
                  "forked in the middle of a message"));
}

TEST(ConnectionSharingFork, in_the_middle_of_a_message_leaves_it_to_the_parent) {
    const auto [mine, theirs] = Pipe();
    write_stream(mine.native_handle(), std::as_bytes(std::span("\0\0\0\5he", 6)));
    EXPECT_THROW((void)theirs.recv_bytes(100, 1ms), TimeoutError);
    Process child(fork, expect_half_a_message_is_not_mine, theirs);
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
    write_stream(mine.native_handle(), std::as_bytes(std::span("llo", 3)));
    EXPECT_EQ(theirs.recv_bytes().size(), 5U);
}

}  // namespace
}  // namespace procession::testing
