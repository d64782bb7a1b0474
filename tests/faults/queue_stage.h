// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "faults/operation.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"

namespace procession::testing {

inline std::string small_item(int number) { return "item " + std::to_string(number); }
inline std::string large_item(int number, std::size_t bytes) {
    std::string text = small_item(number) + " ";
    text.resize(bytes, 'x');
    return text;
}

/// One queue, what was put into it and what came out. Its own bookkeeping allocates nothing while
/// an operation acts.
template <class Q>
class QueueStage {
  public:
    explicit QueueStage(const QueueOptions& options = {}) : queue(options) {
        wanted_.reserve(kRoom);
        out_.reserve(kRoom);
        prepared.reserve(kRoom);
    }

    Q queue;
    std::vector<std::string> prepared;  // for put()

    /// Puts so many items before the operation.
    void fill(int count, std::size_t bytes = 0) {
        for (int i = 0; i < count; ++i) {
            queue.put(next(bytes));
            wanted_.push_back(last_);
        }
    }
    /// Makes so many items for the operation to put.
    void prepare(int count, std::size_t bytes = 0) {
        for (int i = 0; i < count; ++i) prepared.push_back(next(bytes));
    }
    /// A prepared item is in the queue now.
    void has_put(std::string& item) noexcept { wanted_.push_back(std::move(item)); }
    void put_prepared() {
        for (auto& each : prepared) {
            queue.put(each);
            has_put(each);
        }
    }
    void has_got(std::string& item) noexcept { out_.push_back(std::move(item)); }
    void take_one() {
        auto item = queue.get(Deadline::now());
        finish(item);
    }
    void finish(std::string& item) noexcept { has_got(item); }
    void finish(Lease<std::string>& lease) {
        lease.done();
        has_got(*lease);
    }

    /// All that was put came out or is still there, once and in order; then the queue is like new.
    /// A plain queue's item that its consumer had no memory for is a dead letter.
    void expect_whole() {
        while (!queue.empty()) take_one();
        if constexpr (!requires { queue.unfinished(); }) read_undelivered();
        EXPECT_EQ(out_, wanted_);
        if (!queue.is_closed()) expect_usable();
    }
    /// The same, where one item was perhaps lost to the dead letters of its own accord.
    void expect_usable() {
        EXPECT_EQ(queue.qsize(), 0U);
        queue.put("small");
        queue.put(std::string(10'000, 'L'));
        EXPECT_EQ(queue.qsize(), 2U);
        EXPECT_EQ(get_and_finish(), "small");
        EXPECT_EQ(get_and_finish(), std::string(10'000, 'L'));
        expect_finished();
        const QueueStats stats = queue.stats();
        EXPECT_EQ(stats.queued, 0U);
        EXPECT_EQ(stats.queued_bytes, 0U);
        EXPECT_EQ(stats.participants, 1U);
        EXPECT_EQ(queue.dead_letters().size(), 0U);
        EXPECT_EQ(stats.memory_bytes, kEmptyBytes) << "a block is lost";
    }

    static constexpr std::uint64_t kEmptyBytes = 65536;  // the log's current chunk

  private:
    static constexpr std::size_t kRoom = 256;

    const std::string& next(std::size_t bytes) {
        ++number_;
        last_ = bytes == 0 ? small_item(number_) : large_item(number_, bytes);
        return last_;
    }
    std::string get_and_finish() {
        auto item = queue.get(Deadline::now());
        if constexpr (requires { item.done(); }) {
            item.done();
            return std::move(*item);
        } else {
            return item;
        }
    }
    void expect_finished() {
        if constexpr (requires { queue.unfinished(); }) {
            EXPECT_EQ(queue.unfinished(), 0U);
            EXPECT_TRUE(queue.join(Deadline::now()));
        }
    }

    void read_undelivered() {
        for (const auto& letter : queue.take_dead_letters()) {
            EXPECT_EQ(letter.reason, "its consumer had no memory for it");
            Reader reader(letter.bytes);
            out_.emplace_back(reader.string());
        }
        // Letters are taken last: back to the order of the numbers.
        const auto number = [](const std::string& text) { return std::stoi(text.substr(5)); };
        std::sort(out_.begin(), out_.end(), [&](const std::string& a, const std::string& b) {
            return number(a) < number(b);
        });
    }

    int number_ = 0;
    std::string last_;
    std::vector<std::string> wanted_;
    std::vector<std::string> out_;
};

/// An operation on one queue that holds some items.
template <class Q>
class QueueOperation : public Operation {
  public:
    QueueOperation() = default;
    explicit QueueOperation(const QueueOptions& options) : stage_(options) {}
    void check(const Outcome&) override { stage_.expect_whole(); }

  protected:
    QueueStage<Q> stage_;
};

template <class Op>
std::unique_ptr<Operation> make() {
    return std::make_unique<Op>();
}

}  // namespace procession::testing
