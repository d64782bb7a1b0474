// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "transfer/broker_table.h"

#include <gtest/gtest.h>

#include "os/stream.h"

// What the broker lets go of when the handles of messages wait there.

namespace procession::testing {

using namespace detail;
namespace {

using transfer::BrokerTable;
using transfer::Token;

constexpr BrokerTable::Client kSender = 1;

Token token(int number) {
    Token made{};
    made[0] = static_cast<std::byte>(number);
    return made;
}

/// Both ends of a stream.
struct Ends {
    Ends() { EXPECT_FALSE(os::create_stream_pair(one, other)); }
    Handle one;
    Handle other;
};

/// A deposit of `object`, for a message that is sent from the end `carrier`.
void leave(BrokerTable& table, int number, const Handle& carrier, const Handle& object) {
    std::vector<Handle> handles;
    handles.push_back(carrier.duplicate());
    handles.push_back(object.duplicate());
    table.add(token(number), kSender, std::move(handles));
}

void look_twice(BrokerTable& table) {
    table.drop_unreachable();
    table.drop_unreachable();
}

TEST(BrokerOfMessages, keeps_what_can_be_received_though_its_sender_is_gone) {
    BrokerTable table;
    Ends way;
    const Ends object;
    leave(table, 1, way.one, object.one);
    way.one.reset();
    table.client_is_gone(kSender);
    look_twice(table);
    EXPECT_EQ(table.deposits(), 1U);
    way.other.reset();
    look_twice(table);
    EXPECT_EQ(table.deposits(), 0U);
    EXPECT_EQ(table.handles(), 0U);
}

TEST(BrokerOfMessages,
     drops_an_end_that_was_sent_through_its_own_connection_when_no_process_holds_it) {
    BrokerTable table;
    Ends way;
    leave(table, 1, way.one, way.other);
    way.one.reset();
    look_twice(table);
    EXPECT_EQ(table.deposits(), 1U) << "this process holds the end at which it comes out";
    way.other.reset();
    look_twice(table);
    EXPECT_EQ(table.deposits(), 0U);
    EXPECT_EQ(table.handles(), 0U);
}

TEST(BrokerOfMessages, drops_two_ends_that_were_sent_through_each_other) {
    BrokerTable table;
    {
        const Ends first;
        const Ends second;
        leave(table, 1, first.one, second.other);
        leave(table, 2, second.one, first.other);
    }
    look_twice(table);
    EXPECT_EQ(table.deposits(), 0U);
    EXPECT_EQ(table.handles(), 0U);
}

TEST(BrokerOfMessages, keeps_what_comes_out_at_an_end_that_is_itself_on_its_way) {
    BrokerTable table;
    Ends way;
    const Ends object;
    {
        const Ends inner;
        leave(table, 1, inner.one, object.one);  // comes out at inner.other,
        leave(table, 2, way.one, inner.other);   // which comes out at way.other
    }
    look_twice(table);
    EXPECT_EQ(table.deposits(), 2U);
    way.other.reset();
    look_twice(table);
    EXPECT_EQ(table.deposits(), 0U);
    EXPECT_EQ(table.handles(), 0U);
}

}  // namespace
}  // namespace procession::testing
