// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>

#include <filesystem>

#include "contract/process_fixture.h"
#include "procession/pipe.h"
#include "procession/wait.h"
#include "support/queue_helpers.h"

// What travels through a Connection beside bytes: handles, connections, queues, to processes that
// run already. A duplicated handle names the same object.

namespace procession::testing {

struct Parcel {
    std::string label;
    Handle file;
    std::vector<Handle> more;
};

namespace {

class ConnectionPassing : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(Each, ConnectionPassing, all_start_methods(), show_start_method);

Handle open_file(const std::string& path) {
    return Handle(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
}

std::size_t open_descriptors() {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

bool is_sole_holder(const Handle& file) {
    // A lock of an open file description: another description of the same file cannot have it.
    return ::flock(file.get(), LOCK_EX | LOCK_NB) == 0;
}

void read_on(const ByteConnection& connection) {
    const Handle file = connection.recv_handle();
    char two[2] = {};
    must(::read(file.get(), two, 2) == 2);
    connection.send(std::string(two, 2));
    static_cast<void>(connection.recv<int>());  // until the parent has looked
}

TEST_P(ConnectionPassing, a_file_keeps_its_position_and_its_lock) {
    const Handle file = open_file(folder_.file("shared"));
    ASSERT_EQ(::write(file.get(), "abcdef", 6), 6);
    ::lseek(file.get(), 1, SEEK_SET);
    const auto [mine, its] = Pipe();
    Process child(method(), read_on, its);
    mine.send_handle(file);
    EXPECT_EQ(mine.recv<std::string>(), "bc");
    EXPECT_EQ(::lseek(file.get(), 0, SEEK_CUR), 3) << "one object, one position";
    EXPECT_TRUE(is_sole_holder(file));
    EXPECT_FALSE(is_sole_holder(open_file(folder_.file("shared"))));
    mine.send(1);
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
}

void answer_by_the_other(const ByteConnection& connection) {
    const auto other = connection.recv<ByteConnection>();
    other.send(connection.recv<int>() + 1);
}

TEST_P(ConnectionPassing, a_connection_reaches_a_process_that_runs_already) {
    const auto [mine, its] = Pipe();
    Process child(method(), answer_by_the_other, its);
    const auto [near, far] = Pipe();
    mine.send(far);
    mine.send(41);
    EXPECT_EQ(near.recv<int>(), 42);
}

void put_into_what_comes(const ByteConnection& connection) {
    const auto jobs = connection.recv<JoinableQueue<int>>();
    const auto results = connection.recv<Queue<int>>();
    for (auto job : jobs) {
        results.put(*job * 2);
        job.done();
    }
}

TEST_P(ConnectionPassing, queues_reach_a_process_that_runs_already) {
    const auto [mine, its] = Pipe();
    Process child(method(), put_into_what_comes, its);
    const JoinableQueue<int> jobs;
    const Queue<int> results;
    mine.send(jobs);
    mine.send(results);
    jobs.put(21);
    jobs.join();
    EXPECT_EQ(results.get(), 42);
    jobs.shutdown();
    child.join();
}

void count_and_return(const ByteConnection& connection) {
    auto parcel = connection.recv<Parcel>();
    must(!parcel.more[0].valid());
    connection.send(parcel.label + std::to_string(parcel.more.size()));
    connection.send(std::move(parcel));
}

TEST_P(ConnectionPassing, more_handles_than_go_at_once_arrive_and_come_back) {
    Parcel parcel{"parcel", open_file(folder_.file("one")), {}};
    parcel.more.emplace_back();  // an invalid handle crosses as one
    for (int i = 0; i < 600; ++i) parcel.more.push_back(parcel.file.duplicate());
    const auto [mine, its] = Pipe();
    Process child(method(), count_and_return, its);
    mine.send(parcel);
    EXPECT_EQ(mine.recv<std::string>(), "parcel601");
    const auto back = mine.recv<Parcel>();
    ASSERT_EQ(back.more.size(), 601U);
    ASSERT_EQ(::write(back.more[600].get(), "x", 1), 1);
    EXPECT_EQ(::lseek(parcel.file.get(), 0, SEEK_CUR), 1);
}

TEST(ConnectionHandles, of_messages_that_nobody_receives_are_closed) {
    const auto before = open_descriptors();
    {
        const auto [one, other] = Pipe();
        const Handle file = open_file("/dev/null");
        for (int i = 0; i < 20; ++i) one.send_handle(file);
        static_cast<void>(other.recv_bytes());  // as bytes: its handle is closed
        EXPECT_THROW((void)other.recv<int>(), DecodeError);
    }
    EXPECT_EQ(open_descriptors(), before);
}

TEST(ConnectionHandles, that_the_message_does_not_name_are_closed) {
    const auto [one, other] = Pipe();
    const auto before = open_descriptors();
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
    EXPECT_EQ(open_descriptors(), before);
}

TEST(ConnectionHandles, that_did_not_come_along_are_a_decode_error) {
    const auto [one, other] = Pipe();
    const std::byte index[4] = {std::byte{9}};
    Writer writer;
    writer.extension(0x50, index);
    one.send_bytes(writer.bytes());
    EXPECT_THROW((void)other.recv<Handle>(), DecodeError);
}

TEST(ConnectionHandles, refuse_where_no_message_is_being_sent) {
    const auto [one, other] = Pipe();
    Writer writer;
    EXPECT_TRUE(contains(message_of<SharingError>([&, &one = one] { encode(writer, one); }),
                         "Connection objects should only be shared between processes through "
                         "inheritance or a Procession channel"));
}

void say_hello(const ByteConnection& connection) { connection.send(std::string("hello")); }

TEST_P(ConnectionPassing, an_end_that_a_child_has_ends_with_the_child) {
    auto [mine, its] = Pipe();
    Process child(method(), say_hello, its);
    its.close();
    EXPECT_EQ(mine.recv<std::string>(), "hello");
    child.join();
    EXPECT_THROW((void)mine.recv<std::string>(), EOFError);
}

TEST(ConnectionHandles, the_same_end_met_twice_is_one_end) {
    const auto [one, other] = Pipe();
    const auto [near, far] = Pipe();
    one.send(std::vector{far, far});
    const auto arrived = other.recv<std::vector<ByteConnection>>();
    EXPECT_EQ(arrived[0], arrived[1]);
    EXPECT_EQ(arrived[0], far) << "this process has it already";
    near.send(5);
    EXPECT_EQ(arrived[1].recv<int>(), 5);
}

}  // namespace
}  // namespace procession::testing
