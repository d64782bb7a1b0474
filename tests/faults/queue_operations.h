// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <optional>

#include "faults/in_place_operations.h"
#include "faults/queue_stage.h"
#include "support/queue_helpers.h"

// The operations that both kinds of queue have.

namespace procession::testing {

using namespace std::chrono_literals;

/// Makes a queue, uses it, and drops it.
template <class Q>
class Create : public Operation {
  public:
    explicit Create(const QueueOptions& options) : options_(options) {}
    void act() override { stage_.emplace(options_); }
    void check(const Outcome& outcome) override {
        EXPECT_NE(outcome.threw, stage_.has_value());
        if (stage_) stage_->expect_whole();
        QueueStage<Q>(options_).expect_whole();
    }

  private:
    const QueueOptions options_;
    std::optional<QueueStage<Q>> stage_;
};
template <class Q>
struct CreateDefault : Create<Q> {
    CreateDefault() : Create<Q>(QueueOptions{}) {}
};
template <class Q>
struct CreateSmall : Create<Q> {
    static QueueOptions options() {
        QueueOptions small;
        small.name = "small";
        small.maxsize = 2;
        small.memory_limit = 256 * 1024;
        return small;
    }
    CreateSmall() : Create<Q>(options()) {}
};
template <class Q>
struct CreateLarge : Create<Q> {
    static QueueOptions options() {
        QueueOptions large;
        large.memory_limit = std::uint64_t{64} << 30;
        return large;
    }
    CreateLarge() : Create<Q>(options()) {}
};

template <class Q, int count, std::size_t bytes>
struct Put : QueueOperation<Q> {
    Put() { this->stage_.prepare(count, bytes); }
    void act() override { this->stage_.put_prepared(); }
};
template <class Q>
struct PutMany : QueueOperation<Q> {
    PutMany() {
        this->stage_.fill(1);
        this->stage_.prepare(3);
        this->stage_.prepare(1, 100'000);
        this->stage_.prepare(20, 4000);
    }
    void act() override {
        auto& prepared = this->stage_.prepared;
        const std::size_t put = this->stage_.queue.put_many(prepared);
        for (std::size_t i = 0; i < put; ++i) this->stage_.has_put(prepared[i]);
    }
};
template <class Q>
struct PutWhenFull : QueueOperation<Q> {
    static QueueOptions options() {
        QueueOptions bounded;
        bounded.maxsize = 2;
        return bounded;
    }
    PutWhenFull() : QueueOperation<Q>(options()) { this->stage_.fill(2); }
    void act() override {
        // The put times out. take_one() then makes room, and notifies the event that it has armed.
        const bool put = this->stage_.queue.try_put("too much", 12ms).has_value();
        EXPECT_FALSE(put);
        this->stage_.take_one();
    }
};

template <class Q, int count, std::size_t bytes>
struct Get : QueueOperation<Q> {
    Get() { this->stage_.fill(count, bytes); }
    void act() override {
        for (int i = 0; i < count; ++i) this->stage_.take_one();
    }
};
template <class Q>
struct GetMany : QueueOperation<Q> {
    GetMany() {
        this->stage_.fill(3);
        this->stage_.fill(1, 100'000);
        this->stage_.fill(20, 4000);
    }
    void act() override {
        auto items = this->stage_.queue.get_many(22);
        for (auto& each : items) this->stage_.finish(each);
    }
};
template <class Q>
struct GetWhenEmpty : QueueOperation<Q> {
    GetWhenEmpty() { this->stage_.prepare(2); }
    void act() override {
        const bool got = this->stage_.queue.try_get(12ms).has_value();
        EXPECT_FALSE(got);
        this->stage_.put_prepared();  // notifies for the get that has waited
    }
};
template <class Q>
struct Iterate : QueueOperation<Q> {
    Iterate() {
        this->stage_.fill(3);
        this->stage_.queue.shutdown();
    }
    void act() override {
        for (auto item : this->stage_.queue) this->stage_.finish(item);
    }
    void check(const Outcome&) override {
        while (!this->stage_.queue.empty()) this->stage_.take_one();
        EXPECT_TRUE(this->stage_.queue.empty());
    }
};

template <class Q>
struct Look : QueueOperation<Q> {
    Look() { this->stage_.fill(3); }
    void act() override {
        const auto& queue = this->stage_.queue;
        const Q copy = queue;
        EXPECT_EQ(copy.qsize(), 3U);
        EXPECT_FALSE(copy.empty() || copy.full());
        const QueueStats stats = copy.stats();
        EXPECT_EQ(stats.queued, 3U);
        EXPECT_EQ(stats.participants, 1U);
        EXPECT_TRUE(copy.dead_letters().empty());
    }
};

template <class Q>
struct Shutdown : QueueOperation<Q> {
    Shutdown() {
        this->stage_.fill(5);
        this->stage_.fill(1, 10'000);
    }
    void act() override { this->stage_.queue.shutdown(true); }
    void check(const Outcome& outcome) override {
        if (outcome.threw) this->stage_.queue.shutdown(true);
        EXPECT_TRUE(this->stage_.queue.empty());
        EXPECT_EQ(this->stage_.queue.stats().memory_bytes, QueueStage<Q>::kEmptyBytes);
        if constexpr (requires { this->stage_.queue.unfinished(); }) {
            EXPECT_TRUE(this->stage_.queue.join(Deadline::now()));
        }
    }
};

/// close(), after which the queue lives on with another participant, which gets all items.
template <class Q>
class Close : public Operation {
  public:
    Close() : way_(stage_.queue) { stage_.fill(3); }
    void act() override { stage_.queue.close(); }
    void check(const Outcome&) override {
        EXPECT_TRUE(stage_.queue.is_closed());
        EXPECT_THROW(stage_.queue.put("late"), ClosedError);
        stage_.queue.close();
        stage_.queue = way_.template arrive<Q>();
        stage_.queue.bytes().notice_deaths();
        stage_.expect_whole();
    }

  protected:
    QueueStage<Q> stage_;
    const OnItsWay way_;
};

template <class Q>
void put_no_text(const Q& queue) {
    const std::array bytes{std::byte{0xc1}};
    static_cast<void>(queue.bytes().try_put({Format::msgpack, bytes}, Deadline::now()));
}

/// An item that does not decode, and its letter.
template <class Q>
struct Undecodable : QueueOperation<Q> {
    Undecodable() {
        put_no_text(this->stage_.queue);
        this->stage_.fill(2);
        letters_.reserve(4);
    }
    void act() override {
        try {
            this->stage_.take_one();
        } catch (const DecodeError&) {
            refused_ = true;
        }
        letters_ = this->stage_.queue.take_dead_letters();
    }
    void check(const Outcome& outcome) override {
        EXPECT_TRUE(outcome.threw || refused_);
        if (!refused_ && this->stage_.queue.qsize() == 3) {
            EXPECT_THROW(this->stage_.take_one(), DecodeError);
        }
        if (letters_.empty()) letters_ = this->stage_.queue.take_dead_letters();
        // Known gap: a plain queue's item that does not decode is lost when the queue can have no
        // memory for its letter; then get() has said so.
        const bool may_be_lost = outcome.threw && !requires { std::declval<Q&>().unfinished(); };
        EXPECT_LE(letters_.size(), 1U);
        EXPECT_TRUE(letters_.size() == 1 || may_be_lost);
        this->stage_.expect_whole();
    }

  private:
    bool refused_ = false;
    std::vector<DeadLetter> letters_;
};

#define PROCESSION_COMMON_QUEUE_OPERATIONS(Q, kind)                      \
    NamedOperation{kind "_create", make<CreateDefault<Q>>},              \
        NamedOperation{kind "_create_small", make<CreateSmall<Q>>},      \
        NamedOperation{kind "_create_large", make<CreateLarge<Q>>},      \
        NamedOperation{kind "_put_small", make<Put<Q, 3, 0>>},           \
        NamedOperation{kind "_put_large", make<Put<Q, 2, 3 << 20>>},     \
        NamedOperation{kind "_put_growing", make<Put<Q, 120, 4000>>},    \
        NamedOperation{kind "_put_many", make<PutMany<Q>>},              \
        NamedOperation{kind "_put_when_full", make<PutWhenFull<Q>>},     \
        NamedOperation{kind "_get_small", make<Get<Q, 3, 0>>},           \
        NamedOperation{kind "_get_large", make<Get<Q, 2, 1 << 20>>},     \
        NamedOperation{kind "_get_over_chunks", make<Get<Q, 40, 4000>>}, \
        NamedOperation{kind "_get_many", make<GetMany<Q>>},              \
        NamedOperation{kind "_put_loan", make<PutLoan<Q>>},              \
        NamedOperation{kind "_borrow", make<Borrow<Q>>},                 \
        NamedOperation{kind "_get_when_empty", make<GetWhenEmpty<Q>>},   \
        NamedOperation{kind "_iterate", make<Iterate<Q>>},               \
        NamedOperation{kind "_copy_and_look", make<Look<Q>>},            \
        NamedOperation{kind "_shutdown", make<Shutdown<Q>>},             \
        NamedOperation{kind "_close", make<Close<Q>>}, NamedOperation {  \
        kind "_undecodable", make<Undecodable<Q>>                        \
    }

}  // namespace procession::testing
