// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "contract/broker_hostile.h"

// The broker, and clients that do not keep to its protocol.

namespace procession::testing {

using namespace detail;
namespace {

TEST_F(HostileToBroker, what_is_no_request_ends_that_client_and_no_other) {
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

TEST_F(HostileToBroker, a_record_of_another_size_ends_that_client_and_no_other) {
    for (const std::size_t size : {1, 31, 33, 5000}) {
        const Handle channel = go();
        write_record(channel, std::string(size, 'x'));
        EXPECT_TRUE(hangs_up(channel)) << size;
    }
}

TEST(BrokerHostile, a_token_that_an_item_only_claims_is_a_dead_letter) {
    const Queue<Queue<int>> carrier;
    const Queue<Queue<int>> other;
    carrier.put(Queue<int>());
    Writer item;
    item.array(2);
    item.nil();
    item.integer(5);
    ASSERT_TRUE(
        other.bytes().try_put({Format::msgpack, item.bytes()}, Deadline::now()).has_value());
    EXPECT_THROW((void)other.get(), DecodeError);
    EXPECT_EQ(other.dead_letters().size(), 1U);
}

}  // namespace
}  // namespace procession::testing
