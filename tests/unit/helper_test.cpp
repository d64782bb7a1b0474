// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>
#include <optional>
#include <vector>

#include "helper/helper_server.h"
#include "helper/program.h"
#include "helper/rpc.h"
#include "os/channel.h"

// What a helper process and its clients exchange, with both ends in this process.

namespace procession::inline v0::detail::helper {
namespace {

struct Note {
    std::uint32_t magic = 0x4e4f5445;
    std::uint32_t left = 0;
    std::uint32_t number = 0;
};
struct LongNote {
    std::uint32_t magic = Note{}.magic;
    std::array<std::uint32_t, 3> numbers{};
};

struct Channel {
    Channel() { EXPECT_FALSE(os::create_channel_pair(here, there)); }
    Peer peer() const { return {here.get()}; }

    os::Handle here;
    os::Handle there;
};

std::vector<os::Handle> copies_of(const os::Handle& handle, std::size_t count) {
    std::vector<os::Handle> copies;
    for (std::size_t i = 0; i < count; ++i) copies.push_back(handle.duplicate());
    return copies;
}

HelperServer::Message next_of(HelperServer& server) {
    server.wait(Deadline::now());
    auto message = server.next();
    EXPECT_TRUE(message.has_value());
    return std::move(*message);
}

TEST(RoleArgument, is_a_role_and_a_descriptor_and_nothing_else_is_one) {
    const auto argument = role_argument("--procession-broker=7");
    ASSERT_TRUE(argument.has_value());
    EXPECT_EQ(argument->role, "broker");
    EXPECT_EQ(argument->descriptor, "7");
    for (const auto* each : {"", "7", "--procession", "--procession-broker", "--other-broker=7"})
        EXPECT_FALSE(role_argument(each).has_value()) << each;
    for (const auto* each : {"", "-1", "7x", "99999999999999999999"})
        EXPECT_FALSE(handle_named_by(each).valid()) << each;
}

TEST(Rpc, receives_what_was_sent_and_refuses_what_is_no_such_record) {
    const Channel channel;
    std::vector<os::Handle> none;
    Note note;
    ASSERT_FALSE(
        send_record({channel.there.get()}, bytes_of(Note{.number = 5}), {}, Deadline::never()));
    ASSERT_FALSE(receive(channel.peer(), note, none, Deadline::never()));
    EXPECT_EQ(note.number, 5U);
    const Note wrong{.magic = 1};
    const LongNote long_note;
    for (const auto bytes : {bytes_of(wrong), bytes_of(long_note), bytes_of(note).first(4)}) {
        ASSERT_FALSE(send_record({channel.there.get()}, bytes, {}, Deadline::never()));
        EXPECT_EQ(receive(channel.peer(), note, none, Deadline::never()).failure,
                  RpcFailure::malformed);
    }
}

TEST(Rpc, tells_a_silent_peer_from_one_that_has_ended) {
    Channel channel;
    std::vector<os::Handle> none;
    Note note;
    EXPECT_EQ(receive(channel.peer(), note, none, Deadline::now()).failure, RpcFailure::silent);
    channel.there.reset();
    EXPECT_EQ(receive(channel.peer(), note, none, Deadline::never()).failure, RpcFailure::gone);
    EXPECT_EQ(send_record(channel.peer(), bytes_of(note), {}, Deadline::never()).failure,
              RpcFailure::gone);
}

TEST(Rpc, sees_the_end_of_a_process_behind_a_copy_of_its_end) {
    Channel process;
    const Channel channel;
    process.there.reset();  // readable, like the sentinel of a process that has ended
    std::vector<os::Handle> none;
    Note note;
    EXPECT_EQ(
        receive({channel.here.get(), process.here.get()}, note, none, Deadline::never()).failure,
        RpcFailure::gone);
}

TEST(Rpc, a_peer_that_takes_nothing_is_silent_when_the_channel_is_full) {
    const Channel channel;
    RpcProblem problem;
    while (!problem) problem = send_record(channel.peer(), bytes_of(Note{}), {}, Deadline::now());
    EXPECT_EQ(problem.failure, RpcFailure::silent);
}

TEST(HelperServer, gets_handles_in_batches_and_puts_them_together) {
    Channel channel;
    HelperServer server("test");
    server.add(std::move(channel.there));
    const auto copies = copies_of(channel.here, 300);
    std::vector<os::NativeHandle> natives;
    for (const auto& each : copies) natives.push_back(each.get());
    bool sent_some = false;
    ASSERT_FALSE(send_in_batches(channel.peer(), Note{.number = 1}, Note{.number = 2}, natives,
                                 std::chrono::seconds(10), sent_some));
    EXPECT_TRUE(sent_some);
    IncomingHandles incoming(300);
    for (const std::uint32_t number : {1U, 2U}) {
        auto message = next_of(server);
        const auto note = message.as<Note>();
        ASSERT_TRUE(note.has_value());
        EXPECT_EQ(note->number, number);
        ASSERT_TRUE(incoming.add(std::move(message.handles), note->left, message.lost_handles));
        EXPECT_EQ(incoming.are_under_way(), number == 1);
    }
    bool lost_some = true;
    EXPECT_EQ(incoming.take(lost_some).size(), 300U);
    EXPECT_FALSE(lost_some);
}

TEST(HelperServer, serves_each_ready_client_once_and_reports_its_end) {
    Channel first;
    Channel second;
    HelperServer server("test");
    const auto one = server.add(std::move(first.there));
    const auto other = server.add(std::move(second.there));
    for (int i = 0; i < 2; ++i)
        ASSERT_FALSE(send_record(first.peer(), bytes_of(Note{}), {}, Deadline::never()));
    second.here.reset();
    EXPECT_EQ(next_of(server).client, one);
    const auto end = server.next();
    ASSERT_TRUE(end.has_value());
    EXPECT_EQ(end->client, other);
    EXPECT_TRUE(end->is_end);
    EXPECT_FALSE(server.next().has_value()) << "one message each";
    server.remove(other);
    EXPECT_EQ(server.clients(), 1U);
    EXPECT_FALSE(next_of(server).is_end);
}

TEST(IncomingHandles, that_are_not_as_announced_or_too_many_are_refused) {
    const Channel channel;
    EXPECT_FALSE(IncomingHandles(4).add({}, 0, false)) << "no handle";
    EXPECT_TRUE(IncomingHandles(4).add({}, 0, true)) << "they were lost";
    EXPECT_FALSE(IncomingHandles(4).add(copies_of(channel.here, 1), 5, false));
    IncomingHandles incoming(4);
    EXPECT_TRUE(incoming.add(copies_of(channel.here, 1), 2, false));
    EXPECT_FALSE(incoming.add(copies_of(channel.here, 1), 0, false)) << "two were to follow";
    IncomingHandles many(4);
    EXPECT_TRUE(many.add(copies_of(channel.here, 2), 4, false));
    EXPECT_FALSE(many.add(copies_of(channel.here, 3), 1, false));
}

}  // namespace
}  // namespace procession::inline v0::detail::helper
