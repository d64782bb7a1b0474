// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <array>

#include "contract/process_fixture.h"
#include "handoff/keeper_client.h"
#include "handoff/keeper_protocol.h"
#include "os/channel.h"
#include "os/meeting_point.h"
#include "os/wait.h"
#include "os/windows/pipe.h"
#include "support/queue_helpers.h"

// The process that holds queued handles, at its named pipe.

namespace procession::testing {
namespace {

using handoff::Request;
using handoff::Verb;

bool hangs_up(const Handle& channel) {
    std::array<std::byte, 64> answer;
    std::size_t count = 0;
    std::vector<Handle> handles;
    static_cast<void>(os::wait_readable(channel.get(), Deadline::never()));
    return !os::receive_some(channel.get(), answer, count, handles) && count == 0;
}

class HostileToKeeper : public ::testing::Test {
  protected:
    HostileToKeeper() { carrier_.put(queue_); }
    ~HostileToKeeper() override { EXPECT_EQ(carrier_.get(), queue_) << "others are served"; }
    Handle go() {
        Handle channel;
        EXPECT_FALSE(os::go_to_meeting_point(handoff::keeper_of_family(), channel));
        return channel;
    }

    const Queue<Queue<int>> carrier_;
    const Queue<int> queue_;
};

TEST_F(HostileToKeeper, what_is_no_request_ends_that_client_and_no_other) {
    const std::vector<Request> requests{
        {.magic = 1},         {.version = 99},         {.verb = static_cast<Verb>(77)},
        {.verb = Verb::more}, {.verb = Verb::deposit}, {.verb = Verb::deposit, .left = 0xffffffff}};
    for (const Request& request : requests) {
        const Handle channel = go();
        const std::array parts{std::as_bytes(std::span(&request, 1))};
        std::size_t count = 0;
        ASSERT_FALSE(os::send_some(channel.get(), parts, {}, count));
        EXPECT_TRUE(hangs_up(channel));
    }
}

TEST_F(HostileToKeeper, what_is_no_record_ends_that_client_and_no_other) {
    for (const std::size_t size : {1, 7, 8, 31, 5000, 100'000}) {
        const Handle channel = go();
        ASSERT_FALSE(os::write_message(channel.get(), std::vector<std::byte>(size)));
        EXPECT_TRUE(hangs_up(channel)) << size;
    }
}

TEST_F(HostileToKeeper, who_comes_and_says_nothing_or_nonsense_is_let_go) {
    const std::wstring name = L"\\\\.\\pipe\\" + os::utf16_of(handoff::keeper_of_family());
    for (int i = 0; i < 3; ++i) {
        Handle silent;
        while (os::connect_to_pipe(name, silent)) {}
        const std::array<std::byte, 3> nonsense{};
        if (i != 0) {
            ASSERT_FALSE(os::write_message(silent.get(), nonsense));
        }
    }
}

TEST_F(HostileToKeeper, numbers_that_are_no_handles_are_refused) {
    for (const std::uintptr_t number : {0x123450, 0, -1, -2, 3}) {
        const Handle channel = go();
        const Request request{.verb = Verb::deposit};
        const std::array parts{std::as_bytes(std::span(&request, 1))};
        const std::array handles{reinterpret_cast<NativeHandle>(number)};
        std::size_t count = 0;
        ASSERT_FALSE(os::send_some(channel.get(), parts, handles, count));
        std::vector<Handle> none;
        handoff::Reply reply;
        ASSERT_TRUE(os::wait_readable(channel.get(), Deadline::never()));
        ASSERT_FALSE(os::receive_some(channel.get(), std::as_writable_bytes(std::span(&reply, 1)),
                                      count, none));
        EXPECT_EQ(reply.answer, handoff::Answer::no_room) << number;
    }
}

TEST(PipeOfKeeper, is_for_one_user_and_one_name_is_one_place) {
    Handle place;
    Handle second;
    ASSERT_FALSE(os::open_meeting_point("procession-test-place", place));
    // Wine does not know the flag for pipes with any number of instances.
    if (!is_wine()) {
        EXPECT_EQ(os::open_meeting_point("procession-test-place", second),
                  std::errc::address_in_use);
    }
    Handle end;
    EXPECT_EQ(os::go_to_meeting_point("procession-test-nobody", end),
              std::errc::connection_refused);
    ASSERT_FALSE(os::go_to_meeting_point("procession-test-place", end));
    ASSERT_TRUE(os::wait_readable(place.get(), Deadline::never()));
    Handle channel;
    ASSERT_FALSE(os::admit(place, channel));
    EXPECT_FALSE(os::why_peer_is_a_stranger(channel.get()));
    EXPECT_FALSE(os::why_peer_is_a_stranger(end.get()));
    EXPECT_EQ(os::admit(place, second), std::errc::operation_would_block);
    end.reset();
    ASSERT_TRUE(os::wait_readable(channel.get(), Deadline::never())) << "it is gone";
}

}  // namespace
}  // namespace procession::testing
