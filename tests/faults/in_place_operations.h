// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <new>
#include <string>

#include "faults/queue_stage.h"

// Items that are made, and looked at, where they lie.

namespace procession::testing {

template <class Q>
struct PutLoan : QueueOperation<Q> {
    PutLoan() {
        this->stage_.prepare(2, 100'000);
        this->stage_.prepare(1, 3 << 20);
    }
    void act() override {
        for (auto& each : this->stage_.prepared) {
            Writer scratch;
            Format format{};
            const auto bytes = encode_message(each, scratch, format);
            ByteLoan loan = this->stage_.queue.bytes().loan(bytes.size());
            std::ranges::copy(bytes, loan.bytes().begin());
            EXPECT_TRUE(loan.try_publish(format, bytes.size(), Deadline::now()).has_value());
            this->stage_.has_put(each);
        }
    }
};

template <class Q>
struct Borrow : QueueOperation<Q> {
    Borrow() {
        this->stage_.fill(2, 100'000);
        this->stage_.fill(2);
    }
    void act() override {
        const ByteQueue& queue = this->stage_.queue.bytes();
        for (int i = 0; i < 4; ++i) {
            ByteView view;
            EXPECT_TRUE(queue.try_borrow(view, Deadline::now()).has_value());
            try {
                auto text = decode_message<std::string>(view.format(), view.bytes());
                if (queue.kind() == QueueKind::joinable) queue.finish(view.ticket());
                this->stage_.has_got(text);
            } catch (const std::bad_alloc&) {
                queue.undeliver(view.view());
                throw;
            }
        }
    }
};

}  // namespace procession::testing
