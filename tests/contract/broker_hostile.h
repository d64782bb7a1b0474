// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <vector>

#include "contract/process_fixture.h"
#include "os/channel.h"
#include "os/rendezvous.h"
#include "os/wait.h"
#include "support/queue_helpers.h"
#include "transfer/broker_client.h"
#include "transfer/broker_protocol.h"

namespace procession::testing {

using namespace detail;

using transfer::Request;
using transfer::Verb;

/// Waits until the broker has let go of this client.
inline bool hangs_up(const Handle& channel) {
    std::array<std::byte, 64> answer;
    std::size_t count = 0;
    std::vector<Handle> handles;
    static_cast<void>(os::wait_readable(channel.get(), Deadline::never()));
    return !os::receive_some(channel.get(), answer, count, handles) && count == 0;
}

/// A broker that has something to keep, and has to give it back in the end.
class HostileToBroker : public ::testing::Test {
  protected:
    HostileToBroker() { carrier_.put(queue_); }
    ~HostileToBroker() override { EXPECT_EQ(carrier_.get(), queue_) << "others are served"; }
    Handle go() {
        Handle channel;
        EXPECT_FALSE(os::connect_to_rendezvous(transfer::broker_of_family(), channel));
        return channel;
    }

    const Queue<Queue<int>> carrier_;
    const Queue<int> queue_;
};

}  // namespace procession::testing
