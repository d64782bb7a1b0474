// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "contestants.h"
#include "item.h"
#include "peers/bare_ring.h"
#include "typed_contestants.h"
#include "windows/kernel_objects.h"

// Each of these is what one of two processes has of a carrier of items of 64 bytes: a Contestant
// that is made from its `Parts`, which a child gets as an argument. New parts are made by make().

namespace procession::bench {

using Item64 = Item<64>;

/// Of a queue of ours; `Base` is one of typed_contestants.h.
template <class Base, class Queue>
class QueueEnd : public Base {
  public:
    using Parts = Queue;

    [[nodiscard]] static Parts make(const Case& which) { return Parts(which.capacity); }
    QueueEnd(const Parts& queue, const Case& which) : Base(queue, which) { this->prepare({}); }
};

using PlainEnd = QueueEnd<TypedContestant<64>, Queue<Item64>>;
using JoinableEnd = QueueEnd<JoinableContestant<64>, JoinableQueue<Item64>>;
using PlainManyEnd = QueueEnd<BatchContestant<Queue<Item64>>, Queue<Item64>>;
using JoinableManyEnd = QueueEnd<BatchContestant<JoinableQueue<Item64>>, JoinableQueue<Item64>>;

/// A named pipe in message mode, which holds as many items as a queue; `batch` items a message.
class MessagePipeEnd : public Contestant {
  public:
    using Parts = MessagePipe;

    [[nodiscard]] static Parts make(const Case& which) {
        return new_message_pipe(which.capacity * sizeof(Item64));
    }
    MessagePipeEnd(const Parts& pipe, const Case& which) : pipe_(pipe), items_(which.batch) {}

    [[nodiscard]] std::string name() const override { return "named pipe"; }
    void put(std::uint64_t number) override { produce({number, 1, 1}); }
    std::uint64_t take() override { return consume(1); }
    void produce(const Share& share) override {
        for (std::uint64_t done = 0; done < share.count;) {
            const auto size = std::min<std::uint64_t>(items_.size(), share.count - done);
            for (std::size_t i = 0; i < size; ++i) fill(items_[i], share.first + done + i);
            write_message(pipe_.writing, std::as_bytes(std::span(items_).first(size)));
            done += size;
        }
    }
    std::uint64_t consume(std::uint64_t count) override {
        std::uint64_t sum = 0;
        for (std::uint64_t done = 0; done < count;) {
            const auto bytes =
                read_message(pipe_.reading, std::as_writable_bytes(std::span(items_)));
            const std::size_t size = bytes / sizeof(Item64);
            for (std::size_t i = 0; i < size; ++i) sum += checksum(items_[i]);
            done += size;
        }
        return sum;
    }

  private:
    const Parts& pipe_;
    std::vector<Item64> items_;
};

/// BareRing in a section: no peer but a limit, which polls and survives nothing.
class BareRingEnd : public Contestant {
  public:
    struct Parts {
        Handle section;
    };

    [[nodiscard]] static Parts make(const Case& which) { return {new_section(bytes_of(which))}; }
    BareRingEnd(const Parts& parts, const Case& which)
        : view_(parts.section, bytes_of(which)),
          ring_(view_.at<BareRingSide>(0, 2).first<2>(), view_.at<Item64>(kSides, which.capacity)) {
    }

    [[nodiscard]] std::string name() const override { return "bare ring (limit)"; }
    void put(std::uint64_t number) override {
        fill(item_, number);
        ring_.put(item_);
    }
    std::uint64_t take() override {
        ring_.take(item_);
        return checksum(item_);
    }

  private:
    static constexpr std::size_t kSides = 2 * sizeof(BareRingSide);
    static std::size_t bytes_of(const Case& which) {
        return kSides + which.capacity * sizeof(Item64);
    }

    SectionView view_;
    BareRing<Item64> ring_;
    Item64 item_{};
};

/// One item in a section, and an event that says so: what is below every wait. For two processes
/// that take turns.
class EventEnd : public Contestant {
  public:
    struct Parts {
        Handle section;
        Handle event;
    };

    [[nodiscard]] static Parts make(const Case& /*which*/) {
        return {new_section(sizeof(Item64)), new_event()};
    }
    EventEnd(const Parts& parts, const Case& /*which*/)
        : view_(parts.section, sizeof(Item64)),
          item_(view_.at<Item64>(0, 1).front()),
          event_(parts.event) {}

    [[nodiscard]] std::string name() const override { return "events (limit)"; }
    void put(std::uint64_t number) override {
        fill(item_, number);
        set_event(event_);
    }
    std::uint64_t take() override {
        wait_for_event(event_);
        return checksum(item_);
    }

  private:
    SectionView view_;
    Item64& item_;
    const Handle& event_;
};

}  // namespace procession::bench
