// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "contestants.h"
#include "item.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"

// Our queues, each as one end of it, or both ends, uses it.

namespace procession::bench {

/// put() and get().
template <std::size_t bytes>
class TypedContestant : public Contestant {
  public:
    TypedContestant(const Queue<Item<bytes>>& queue, const Case& /*which*/) : queue_(queue) {}

    [[nodiscard]] std::string name() const override { return "Queue"; }
    void prepare(const Seat& /*seat*/) override { static_cast<void>(queue_.qsize()); }
    void put(std::uint64_t number) override {
        fill(*item_, number);
        queue_.put(*item_);
    }
    std::uint64_t take() override {
        const Item<bytes> item = queue_.get();
        return checksum(item);
    }

  private:
    Queue<Item<bytes>> queue_;
    std::unique_ptr<Item<bytes>> item_ = std::make_unique<Item<bytes>>();
};

/// put(), get() and done().
template <std::size_t bytes>
class JoinableContestant : public Contestant {
  public:
    JoinableContestant(const JoinableQueue<Item<bytes>>& queue, const Case& /*which*/)
        : queue_(queue) {}

    [[nodiscard]] std::string name() const override { return "JoinableQueue"; }
    void prepare(const Seat& /*seat*/) override { static_cast<void>(queue_.qsize()); }
    void put(std::uint64_t number) override {
        fill(*item_, number);
        queue_.put(*item_);
    }
    std::uint64_t take() override {
        auto lease = queue_.get();
        const std::uint64_t sum = checksum(*lease);
        lease.done();
        return sum;
    }

  private:
    JoinableQueue<Item<bytes>> queue_;
    std::unique_ptr<Item<bytes>> item_ = std::make_unique<Item<bytes>>();
};

/// put_many() and get_many(); `Many` is Queue<Item> or JoinableQueue<Item>.
template <class Many>
class BatchContestant : public Contestant {
  public:
    using Value = typename Many::value_type;
    static constexpr bool joinable = std::is_same_v<Many, JoinableQueue<Value>>;

    BatchContestant(const Many& queue, const Case& which)
        : queue_(queue), items_(which.batch), batch_(which.batch) {}

    [[nodiscard]] std::string name() const override {
        return std::string(joinable ? "JoinableQueue" : "Queue") + ", many";
    }
    void prepare(const Seat& /*seat*/) override { static_cast<void>(queue_.qsize()); }
    void put(std::uint64_t number) override { produce({number, 1, 1}); }
    std::uint64_t take() override { return consume(1); }

    void produce(const Share& share) override {
        for (std::uint64_t done = 0; done < share.count;) {
            const auto size = std::min<std::uint64_t>(batch_, share.count - done);
            for (std::size_t i = 0; i < size; ++i) {
                fill(items_[i], share.first + (done + i) * share.step);
            }
            done += queue_.put_many(std::span(items_).first(size));
        }
    }
    std::uint64_t consume(std::uint64_t count) override {
        std::uint64_t sum = 0;
        for (std::uint64_t done = 0; done < count;) {
            done += consume_some(std::min<std::uint64_t>(batch_, count - done), sum);
        }
        return sum;
    }

  private:
    std::size_t consume_some(std::size_t most, std::uint64_t& sum) {
        if constexpr (joinable) {
            auto taken = queue_.get_many(most);
            for (auto& item : taken) {
                sum += checksum(*item);
                item.done();
            }
            return taken.size();
        } else {
            const std::size_t taken = queue_.get_many(std::span(items_).first(most));
            for (std::size_t i = 0; i < taken; ++i) sum += checksum(items_[i]);
            return taken;
        }
    }

    Many queue_;
    std::vector<Value> items_;
    std::size_t batch_;
};

}  // namespace procession::bench
