// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
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

void read_on(const ByteConnection& connection) {
    const Handle file = connection.recv_handle();
    connection.send(read_text(file, 2));
}

TEST_P(ConnectionPassing, a_file_keeps_its_position) {
    const Handle file = open_file(folder_.file("shared"));
    write_text(file, "abcdef");
    set_position(file, 1);
    const auto [mine, its] = Pipe();
    Process child(method(), read_on, its);
    mine.send_handle(file);
    EXPECT_EQ(mine.recv<std::string>(), "bc");
    EXPECT_EQ(position_of(file), 3) << "one object, one position";
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
    const auto [left, right] = Pipe();
    mine.send(right);
    mine.send(41);
    EXPECT_EQ(left.recv<int>(), 42);
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
    write_text(back.more[600], "x");
    EXPECT_EQ(position_of(parcel.file), 1);
}

TEST(ConnectionHandles, of_messages_that_no_process_receives_are_closed) {
    const Folder folder;
    const Handle file = open_file(folder.file("one"));
    {
        // Where handles do not travel by themselves, this process knows the broker, which keeps
        // them, after the first one.
        const auto [one, other] = Pipe();
        one.send_handle(file);
        static_cast<void>(other.recv_handle());
    }
    const auto before = open_handles();
    {
        const auto [one, other] = Pipe();
        for (int i = 0; i < 20; ++i) one.send_handle(file);
        static_cast<void>(other.recv_bytes());  // as bytes: its handle is closed
        EXPECT_THROW((void)other.recv<int>(), DecodeError);
    }
    EXPECT_EQ(open_handles(), before);
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
    const auto [left, right] = Pipe();
    one.send(std::vector{right, right});
    const auto arrived = other.recv<std::vector<ByteConnection>>();
    EXPECT_EQ(arrived[0], arrived[1]);
    EXPECT_EQ(arrived[0], right) << "this process has it already";
    left.send(5);
    EXPECT_EQ(arrived[1].recv<int>(), 5);
}

}  // namespace
}  // namespace procession::testing
