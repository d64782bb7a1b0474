// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <stdexcept>
#include <utility>

#include "contestants.h"
#include "item.h"
#include "procession/byte_queue.h"
#include "typed_contestants.h"

namespace procession::bench {

namespace {

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

template <std::size_t bytes>
void add_typed(Contestants& all, const Case& which) {
    const Queue<Item<bytes>> queue(which.capacity);
    const JoinableQueue<Item<bytes>> joinable(which.capacity);
    if (which.batch > 1) {
        all.push_back(std::make_unique<BatchContestant<Queue<Item<bytes>>>>(queue, which));
        all.push_back(
            std::make_unique<BatchContestant<JoinableQueue<Item<bytes>>>>(joinable, which));
        return;
    }
    all.push_back(std::make_unique<TypedContestant<bytes>>(queue, which));
    all.push_back(std::make_unique<JoinableContestant<bytes>>(joinable, which));
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
