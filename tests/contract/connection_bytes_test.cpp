// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "contract/process_fixture.h"
#include "procession/pipe.h"
#include "support/queue_helpers.h"

// Messages over a Connection, and its corner cases, which are those of CPython's.

namespace procession::testing {
namespace {

using Bytes = std::vector<std::byte>;

Bytes bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}

/// Bytes that tell where they are.
Bytes pattern(std::size_t size) {
    Bytes bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>(i * 31 + (i >> 12));
    return bytes;
}

void write_raw(const ByteConnection& to, const Bytes& bytes) {
    write_stream(to.native_handle(), bytes);
}

TEST(ConnectionBytes, arrive_in_order_whole_and_of_any_size) {
    const auto [one, other] = Pipe();
    for (const std::size_t size : {0, 1, 3, 4, 255, 4096, 16384, 16385, 65536}) {
        one.send_bytes(pattern(size));
        EXPECT_EQ(other.recv_bytes(), pattern(size)) << size;
    }
    one.send_bytes("first");
    one.send_bytes("");
    one.send_bytes("third");
    EXPECT_EQ(other.recv_bytes(), bytes_of("first"));
    EXPECT_EQ(other.recv_bytes(), Bytes());
    EXPECT_EQ(other.recv_bytes(), bytes_of("third"));
}

TEST(ConnectionBytes, go_both_ways) {
    const auto [one, other] = Pipe();
    one.send_bytes("there");
    other.send_bytes("back");
    EXPECT_EQ(one.recv_bytes(), bytes_of("back"));
    EXPECT_EQ(other.recv_bytes(), bytes_of("there"));
}

TEST(ConnectionBytes, larger_than_any_buffer_arrive_while_they_are_sent) {
    const auto [one, other] = Pipe();
    const Bytes large = pattern(std::size_t{50} << 20);
    std::thread sender([&] { one.send_bytes(large); });
    const Bytes received = other.recv_bytes();
    sender.join();
    EXPECT_TRUE(received == large);
}

TEST(ConnectionBytes, with_a_length_in_8_bytes_are_understood) {
    const auto [one, other] = Pipe();
    write_raw(one, {std::byte{255}, std::byte{255}, std::byte{255}, std::byte{255}, std::byte{0},
                    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},
                    std::byte{0}, std::byte{2}, std::byte{'h'}, std::byte{'i'}});
    EXPECT_EQ(other.recv_bytes(), bytes_of("hi"));
}

TEST(ConnectionBytes, into_memory_of_the_caller) {
    const auto [one, other] = Pipe();
    one.send_bytes("abc");
    Bytes space(5);
    EXPECT_EQ(other.recv_bytes_into(space), 3U);
    EXPECT_EQ(Bytes(space.begin(), space.begin() + 3), bytes_of("abc"));
}

TEST(ConnectionBytes, too_long_for_the_memory_of_the_caller_come_with_the_exception) {
    const auto [one, other] = Pipe();
    one.send_bytes("too long");
    one.send_bytes("next");
    Bytes space(4);
    try {
        (void)other.recv_bytes_into(space);
        ADD_FAILURE() << "it fitted";
    } catch (const BufferTooShort& problem) {
        EXPECT_EQ(problem.message(), bytes_of("too long"));
    }
    EXPECT_EQ(other.recv_bytes(), bytes_of("next"));
}

TEST(ConnectionBytes, longer_than_allowed_end_the_receiving) {
    const auto [one, other] = Pipe();
    one.send_bytes("longer than four");
    EXPECT_TRUE(contains(message_of<OSError>([&other = other] { (void)other.recv_bytes(4); }),
                         "bad message length"));
    EXPECT_THROW((void)other.recv_bytes(), OSError);
    other.send_bytes("the other direction goes on");
    EXPECT_EQ(one.recv_bytes(), bytes_of("the other direction goes on"));
}

TEST(ConnectionEnd, is_an_eof_error_at_the_border_of_a_message) {
    auto [one, other] = Pipe();
    one.send_bytes("last");
    one.close();
    EXPECT_TRUE(other.poll());
    EXPECT_EQ(other.recv_bytes(), bytes_of("last"));
    EXPECT_TRUE(other.poll()) << "the end, too, can be received";
    EXPECT_THROW((void)other.recv_bytes(), EOFError);
    EXPECT_EQ(other.try_recv_bytes().error(), RecvError::ended);
    EXPECT_THROW((void)other.recv<int>(), EOFError);
}

TEST(ConnectionEnd, is_an_os_error_inside_of_a_message) {
    for (const std::size_t cut : {1, 3, 4, 5, 10}) {
        auto [one, other] = Pipe();
        Bytes message{std::byte{0}, std::byte{0}, std::byte{0}, std::byte{10}};
        message.resize(14);
        message.resize(cut);
        write_raw(one, message);
        one.close();
        EXPECT_TRUE(contains(message_of<OSError>([&other = other] { (void)other.recv_bytes(); }),
                             "got end of file during message"))
            << cut;
    }
}

TEST(ConnectionEnd, of_the_receiver_is_a_broken_pipe) {
    auto [one, other] = Pipe();
    other.close();
    try {
        one.send_bytes("nobody");
        ADD_FAILURE() << "it was sent";
    } catch (const OSError& problem) {
        EXPECT_EQ(problem.code(), std::errc::broken_pipe);
    }
}

TEST(ConnectionEnd, of_this_side_is_a_closed_error) {
    auto [one, other] = Pipe();
    one.close();
    one.close();
    EXPECT_TRUE(one.is_closed());
    EXPECT_TRUE(contains(message_of<ClosedError>([&one = one] { one.send_bytes("x"); }),
                         "handle is closed"));
    EXPECT_THROW((void)one.recv_bytes(), ClosedError);
    EXPECT_THROW((void)one.poll(), ClosedError);
    EXPECT_THROW((void)one.native_handle(), ClosedError);
}

TEST(ConnectionEnd, comes_to_those_threads_that_wait) {
    auto [one, other] = Pipe();
    std::thread waiting([&one = one] { EXPECT_THROW((void)one.recv_bytes(), ClosedError); });
    one.close();
    waiting.join();
}

TEST(ConnectionDirections, of_a_simplex_pipe_are_kept_to) {
    const auto [reader, writer] = Pipe(false);
    EXPECT_TRUE(reader.readable());
    EXPECT_FALSE(reader.writable());
    EXPECT_FALSE(writer.readable());
    EXPECT_TRUE(writer.writable());
    writer.send_bytes("one way");
    EXPECT_EQ(reader.recv_bytes(), bytes_of("one way"));
    EXPECT_TRUE(contains(message_of<OSError>([&r = reader] { r.send_bytes("x"); }),
                         "connection is read-only"));
    EXPECT_TRUE(contains(message_of<OSError>([&w = writer] { (void)w.recv_bytes(); }),
                         "connection is write-only"));
    EXPECT_TRUE(contains(message_of<OSError>([&w = writer] { (void)w.poll(); }),
                         "connection is write-only"));
    EXPECT_FALSE(reader.poll());
    writer.close();
    EXPECT_THROW((void)reader.recv_bytes(), EOFError);
}

TEST(ConnectionDeadline, of_a_receiver_leaves_a_half_message_for_the_next_call) {
    const auto [one, other] = Pipe();
    EXPECT_THROW((void)other.recv_bytes(100, 1ms), TimeoutError);
    write_raw(one, {std::byte{0}, std::byte{0}});
    EXPECT_THROW((void)other.recv_bytes(100, 1ms), TimeoutError);
    write_raw(one, {std::byte{0}, std::byte{4}, std::byte{'h'}});
    EXPECT_EQ(other.try_recv_bytes(1ms).error(), RecvError::timed_out);
    write_raw(one, {std::byte{'a'}});
    Bytes space(4);
    EXPECT_THROW((void)other.recv_bytes_into(space, 1ms), TimeoutError);
    write_raw(one, {std::byte{'l'}, std::byte{'f'}});
    EXPECT_EQ(other.recv_bytes_into(space), 4U);
    EXPECT_EQ(space, bytes_of("half"));
}

TEST(ConnectionDeadline, of_a_sender_before_its_first_byte_leaves_nothing_behind) {
    const auto [one, other] = Pipe();
    int sent = 0;
    try {
        for (;; ++sent) one.send_bytes(std::string(1000, 'x'), 1ms);
    } catch (const TimeoutError&) {}
    for (int received = 0; received < sent; ++received) EXPECT_EQ(other.recv_bytes().size(), 1000U);
}

TEST(ConnectionDeadline, of_a_sender_inside_of_a_message_cuts_the_connection) {
    const auto [one, other] = Pipe();
    EXPECT_THROW(one.send_bytes(pattern(std::size_t{8} << 20), 1ms), TimeoutError);
    EXPECT_TRUE(contains(message_of<OSError>([&one = one] { one.send_bytes("next"); }),
                         "cut off at its deadline"));
    EXPECT_TRUE(contains(message_of<OSError>([&other = other] { (void)other.recv_bytes(); }),
                         "got end of file during message"));
}

TEST(ConnectionHostile, a_length_that_lies_takes_no_memory) {
    auto [one, other] = Pipe();
    write_raw(one, {std::byte{255}, std::byte{255}, std::byte{255}, std::byte{255}, std::byte{0x7f},
                    std::byte{255}, std::byte{255}, std::byte{255}, std::byte{255}, std::byte{255},
                    std::byte{255}, std::byte{255}, std::byte{1}});
    EXPECT_THROW((void)other.recv_bytes(std::numeric_limits<std::size_t>::max(), 1ms),
                 TimeoutError);
    one.close();
    EXPECT_THROW((void)other.recv_bytes(), OSError);
}

TEST(ConnectionHostile, a_negative_length_is_another_protocol) {
    const auto [one, other] = Pipe();
    write_raw(one, {std::byte{0x80}, std::byte{0}, std::byte{0}, std::byte{0}});
    EXPECT_TRUE(contains(message_of<OSError>([&other = other] { (void)other.recv_bytes(); }),
                         "another protocol"));
}

struct Order {
    std::string dish;
    int count = 0;
    std::vector<double> prices;
};

TEST(ConnectionOfValues, sends_and_receives_them) {
    const auto [one, other] = Pipe<Order>();
    one.send({"soup", 2, {1.5, 2.5}});
    const Order order = other.recv();
    EXPECT_EQ(order.dish, "soup");
    EXPECT_EQ(order.count, 2);
    EXPECT_EQ(order.prices, (std::vector{1.5, 2.5}));
    EXPECT_EQ(other.try_recv().error(), RecvError::timed_out);
}

TEST(ConnectionOfValues, takes_messages_of_any_type_in_turn) {
    const auto [one, other] = Pipe();
    one.send(7);
    one.send(std::string("text"));
    one.send(std::vector<int>{1, 2});
    EXPECT_EQ(other.recv<int>(), 7);
    EXPECT_EQ(other.recv<std::string>(), "text");
    EXPECT_EQ(other.recv<std::vector<int>>(), (std::vector{1, 2}));
}

TEST(ConnectionOfValues, drops_a_message_that_is_none_and_goes_on) {
    const auto [one, other] = Pipe();
    one.send(std::string("text"));
    one.send(7);
    EXPECT_THROW((void)other.recv<int>(), DecodeError);
    EXPECT_EQ(other.recv<int>(), 7);
    one.send_bytes("\xc1");
    EXPECT_THROW((void)other.recv<int>(), DecodeError);
    one.send_bytes("\x01\x02");
    EXPECT_THROW((void)other.recv<int>(), DecodeError) << "something is left over";
}

}  // namespace
}  // namespace procession::testing
