// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "contestants.h"
#include "item.h"
#include "procession/byte_queue.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"

namespace procession::bench {

namespace {

template <std::size_t bytes>
class TypedContestant : public Contestant {
  public:
    explicit TypedContestant(std::size_t capacity) : queue_(capacity) {}

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

template <std::size_t bytes>
class JoinableContestant : public Contestant {
  public:
    explicit JoinableContestant(std::size_t capacity) : queue_(capacity) {}

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

/// Without a type, as bindings to other languages use it: the consumer keeps its buffer.
class BytesContestant : public Contestant {
  public:
    BytesContestant(QueueKind kind, const Case& which)
        : queue_(kind, type_stamp<Item<kMiB>>(), with_maxsize(which.capacity)),
          item_(which.bytes / 8) {}

    [[nodiscard]] std::string name() const override {
        return queue_.kind() == QueueKind::plain ? "Queue, as bytes" : "JoinableQueue, as bytes";
    }
    void prepare(const Seat& /*seat*/) override { static_cast<void>(queue_.qsize()); }
    void put(std::uint64_t number) override {
        fill(item_, number);
        const auto bytes = std::as_bytes(std::span(item_));
        require(queue_.try_put({Format::raw, bytes}, Deadline::never()).has_value());
    }
    std::uint64_t take() override {
        require(queue_.try_get(message_, Deadline::never()).has_value());
        const auto bytes = message_.bytes();
        require(bytes.size() == item_.size() * 8);
        const std::span words(reinterpret_cast<const std::uint64_t*>(bytes.data()), item_.size());
        const std::uint64_t sum = checksum(words);
        if (queue_.kind() == QueueKind::joinable) queue_.finish(message_.ticket());
        return sum;
    }

  private:
    static void require(bool holds) {
        if (!holds) throw std::runtime_error("a queue gave no item, or another one");
    }

    ByteQueue queue_;
    std::vector<std::uint64_t> item_;
    Message message_;
};

/// put_many() and get_many(); `Many` is Queue<Item> or JoinableQueue<Item>.
template <class Many>
class BatchContestant : public Contestant {
  public:
    using Value = typename Many::value_type;
    static constexpr bool joinable = std::is_same_v<Many, JoinableQueue<Value>>;

    explicit BatchContestant(const Case& which)
        : queue_(which.capacity), items_(which.batch), batch_(which.batch) {}

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

template <std::size_t bytes>
void add_typed(Contestants& all, const Case& which) {
    if (which.batch > 1) {
        all.push_back(std::make_unique<BatchContestant<Queue<Item<bytes>>>>(which));
        all.push_back(std::make_unique<BatchContestant<JoinableQueue<Item<bytes>>>>(which));
        return;
    }
    all.push_back(std::make_unique<TypedContestant<bytes>>(which.capacity));
    all.push_back(std::make_unique<JoinableContestant<bytes>>(which.capacity));
}

// From here on it shows that a typed get() has to make a new value, and the untyped one need not.
constexpr std::size_t kLarge = 64 * kKiB;

}  // namespace

Contestants make_ours(const Case& which) {
    Contestants all;
    with_item_size(which.bytes, [&]<std::size_t bytes>() { add_typed<bytes>(all, which); });
    if (which.bytes >= kLarge) {
        all.push_back(std::make_unique<BytesContestant>(QueueKind::plain, which));
        all.push_back(std::make_unique<BytesContestant>(QueueKind::joinable, which));
    }
    return all;
}

}  // namespace procession::bench
