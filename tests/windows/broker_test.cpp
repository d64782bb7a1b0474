// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "contract/broker_hostile.h"
#include "os/windows/pipe.h"

// The process that holds queued handles, at its named pipe.

namespace procession::testing {

using namespace detail;
namespace {

TEST_F(HostileToBroker, what_is_no_record_ends_that_client_and_no_other) {
    for (const std::size_t size : {1, 7, 8, 31, 5000, 100'000}) {
        const Handle channel = go();
        write_record(channel, std::string(size, '\0'));
        EXPECT_TRUE(hangs_up(channel)) << size;
    }
}

TEST_F(HostileToBroker, a_client_that_says_nothing_or_nonsense_is_let_go) {
    const std::wstring name = os::pipe_name_prefix + os::utf16_of(transfer::broker_of_family());
    for (int i = 0; i < 3; ++i) {
        Handle silent;
        while (os::connect_to_pipe(name, silent)) {}
        if (i != 0) write_record(silent, "???");
    }
}

TEST_F(HostileToBroker, numbers_that_are_no_handles_are_refused) {
    for (const std::uintptr_t number : {0x123450, 0, -1, -2, 3}) {
        const Handle channel = go();
        const Request request{.verb = Verb::deposit};
        const std::array parts{std::as_bytes(std::span(&request, 1))};
        const std::array handles{reinterpret_cast<NativeHandle>(number)};
        std::size_t count = 0;
        ASSERT_FALSE(os::send_some(channel.get(), parts, handles, count));
        std::vector<Handle> none;
        transfer::Reply reply;
        ASSERT_TRUE(os::wait_readable(channel.get(), Deadline::never()));
        ASSERT_FALSE(os::receive_some(channel.get(), std::as_writable_bytes(std::span(&reply, 1)),
                                      count, none));
        EXPECT_EQ(reply.answer, transfer::Answer::no_room) << number;
    }
}

TEST(PipeOfBroker, is_for_one_user_and_its_name_is_unique) {
    Handle socket;
    Handle second;
    ASSERT_FALSE(os::open_rendezvous("procession-test-socket", socket));
    // Wine does not know the flag for pipes with any number of instances.
    if (!is_wine()) {
        EXPECT_EQ(os::open_rendezvous("procession-test-socket", second), std::errc::address_in_use);
    }
    Handle end;
    EXPECT_EQ(os::connect_to_rendezvous("procession-test-none", end),
              std::errc::connection_refused);
    ASSERT_FALSE(os::connect_to_rendezvous("procession-test-socket", end));
    ASSERT_TRUE(os::wait_readable(socket.get(), Deadline::never()));
    Handle channel;
    ASSERT_FALSE(os::accept_from_rendezvous(socket, channel));
    EXPECT_FALSE(os::check_peer_user(channel.get()));
    EXPECT_FALSE(os::check_peer_user(end.get()));
    EXPECT_EQ(os::accept_from_rendezvous(socket, second), std::errc::operation_would_block);
    end.reset();
    ASSERT_TRUE(os::wait_readable(channel.get(), Deadline::never())) << "it is gone";
}

}  // namespace
}  // namespace procession::testing
