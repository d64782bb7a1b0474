// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <exception>
#include <vector>

#include "death/queue/actor.h"
#include "death/queue/finding.h"
#include "death/queue/payload.h"
#include "death/script.h"
#include "death/segment_view.h"

namespace procession::death {

/// What survivors do with a queue: they look for deaths, take what is in it, and use it: a put and
/// get of both sizes, join(), no byte of memory in use but the log's. `Door` has the verbs of a
/// ByteQueue.
template <class Door>
class Recovery {
  public:
    /// So many participants are left in the end; `large` bytes do not fit into a record of the log.
    explicit Recovery(const Door& queue, unsigned participants = 1, std::size_t small = 40,
                      std::size_t large = 6000)
        : queue_(queue), participants_(participants), small_(small), large_(large) {}

    [[nodiscard]] Finding recover(Order order) const {
        Finding found;
        try {
            if (order == Order::notice_then_drain) notice(found);
            look(found);
            found.first = drain();
            if (order == Order::drain_then_notice) notice(found);
            // After an immediate shutdown join() drops what a dead shutter left.
            if (is_joinable()) static_cast<void>(queue_.join(Deadline::now()));
            found.second = drain();
            count_and_use(found);
        } catch (const std::exception& thrown) {
            found.problem = thrown.what();
        }
        return found;
    }

    /// Takes, and finishes, all that is there. Throws: std::runtime_error for a payload that was
    /// not put.
    [[nodiscard]] std::vector<Delivery> drain() const {
        std::vector<Delivery> out;
        Message message;
        while (queue_.try_get(message, Deadline::now()).has_value()) {
            const int number = number_of(message.bytes());
            if (number < 0) {
                queue_.keep_undecodable(message.view(), "for the test");
                continue;
            }
            out.push_back({number, 1});
            if (!is_joinable()) continue;
            out.back().deliveries = message.ticket().deliveries;
            queue_.finish(message.ticket());
        }
        return out;
    }

    /// The end of a recovery: the dead letters and all counts, then the use of a queue that is
    /// empty. Throws: std::runtime_error and what the queue throws.
    void count_and_use(Finding& found) const {
        found.letters = take_letters();
        const QueueStats stats = queue_.stats();
        found.put = stats.put;
        found.taken = stats.taken;
        found.redelivered = stats.redelivered;
        found.finished = stats.finished;
        found.dead_lettered = stats.dead_lettered;
        found.lost_in_hand = stats.lost_in_hand;
        found.deaths = stats.deaths;
        found.shut = use();
    }

    [[nodiscard]] bool put(int number, std::size_t bytes) const {
        const auto payload = payload_of(number, bytes);
        return queue_.try_put({Format::raw, payload}, Deadline::now()).has_value();
    }

  private:
    [[nodiscard]] bool is_joinable() const { return queue_.kind() == QueueKind::joinable; }

    void notice(Finding& found) const {
        static_cast<void>(queue_.notice_deaths());
        if (is_joinable()) found.unfinished = queue_.unfinished();
        must(queue_.notice_deaths() == 0, "a process died twice");
    }

    void look(Finding& found) const {
        found.waiting = queue_.qsize();
        found.is_full = queue_.full();
        found.waiting_bytes = queue_.stats().queued_bytes;
        if (found.is_full) must(!put(503, small_), "a full queue has taken an item");
    }

    [[nodiscard]] std::vector<Delivery> take_letters() const {
        std::vector<Delivery> out;
        std::uint64_t last = 0;
        for (const DeadLetter& letter : queue_.take_dead_letters()) {
            must(letter.number > last, "dead letters are not in the order of their numbers");
            last = letter.number;
            const bool has_reason = letter.reason == "for the test" ||
                                    letter.reason.find(" after delivery ") != std::string::npos;
            must(has_reason, "a dead letter's reason is not the one that was given");
            const int number = number_of(letter.bytes);
            out.push_back({number < 0 ? undecodable(number) : number, letter.deliveries});
        }
        std::sort(out.begin(), out.end());
        return out;
    }

    void expect_nothing_in_use() const {
        must(queue_.qsize() == 0, "qsize() is not 0 at the end");
        if (is_joinable()) {
            must(queue_.unfinished() == 0, "unfinished() is not 0 at the end");
            must(queue_.join(Deadline::now()), "join() does not return");
        }
        const QueueStats stats = queue_.stats();
        must(stats.memory_bytes >= bytes_of_an_empty_queue(), "the log's chunk is free");
        must(stats.memory_bytes <= bytes_of_an_empty_queue(), "a block has leaked");
        must(stats.queued_bytes == 0, "queued_bytes is not 0 at the end");
        must(stats.participants == participants_, "dead participants are still counted");
        must(stats.put == stats.taken, "put and taken differ at the end");
        must(!is_joinable() || stats.put == stats.finished, "put and finished differ at the end");
    }

    /// Returns how far the queue is shut.
    [[nodiscard]] Shut use() const {
        if (queue_.is_shut_down()) {
            must(!put(501, small_), "a queue that is shut has taken an item");
            queue_.shutdown(true);  // also for what the dead one has not dropped any more
            expect_nothing_in_use();
            return Shut::draining;
        }
        must(put(501, small_), "an empty queue is full");
        // A queue of one place: one after the other.
        const bool takes_one = queue_.maxsize() == 1;
        if (takes_one) must(drain().at(0).number == 501, "another item came");
        must(put(502, large_), "there is no room for two");
        const auto out = drain();
        must(!out.empty() && out.back().number == 502, "what is put does not come out");
        must(takes_one || (out.size() == 2 && out.front().number == 501),
             "two items do not come out as they were put");
        expect_nothing_in_use();
        return Shut::no;
    }

    const Door& queue_;
    const unsigned participants_;
    const std::size_t small_;
    const std::size_t large_;
};

}  // namespace procession::death
