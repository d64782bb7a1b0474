// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

#include "procession/client.h"
#include "procession/listener.h"
#include "procession/wait.h"

namespace procession::testing {

inline constexpr const char* kKey = "a key of sixteen bytes and more";

/// Five clients come, and the listener's process does what an event loop does.
inline void expect_an_event_loop_lets_all_in(Listener& listener) {
    std::vector<std::thread> clients;
    for (int i = 0; i < 5; ++i) {
        clients.emplace_back([&listener, i] {
            Client(listener.address(), {.authkey = kKey, .patience = std::chrono::hours(1)})
                .send(i);
        });
    }
    int sum = 0;
    for (int accepted = 0; accepted < 5;) {
        EXPECT_EQ(wait({listener.native_handle()}), std::vector<std::size_t>{0});
        const auto connection = listener.try_accept();
        if (!connection) continue;
        sum += connection->recv<int>();
        ++accepted;
    }
    EXPECT_EQ(sum, 0 + 1 + 2 + 3 + 4);
    for (auto& each : clients) each.join();
}

}  // namespace procession::testing
