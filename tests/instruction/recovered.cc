// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/recovered.h"

#include <algorithm>
#include <stdexcept>

#include "instruction/payload.h"
#include "queue/record.h"

namespace procession::instruction {

namespace {

constexpr std::size_t kLarge = 6000;  // does not fit into a record of the log

void must(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

bool is_joinable(const ByteQueue& queue) { return queue.kind() == QueueKind::joinable; }

std::vector<Delivery> take_letters(const ByteQueue& queue) {
    std::vector<Delivery> out;
    std::uint64_t number = 0;
    for (const DeadLetter& letter : queue.take_dead_letters()) {
        must(letter.number == ++number, "dead letters are not numbered one by one");
        const bool has_reason = letter.reason == "for the test" ||
                                letter.reason.find(" after delivery ") != std::string::npos;
        must(has_reason, "a dead letter's reason is not the one that was given");
        out.push_back({number_of(letter.bytes), letter.deliveries});
    }
    std::sort(out.begin(), out.end());
    return out;
}

void expect_nothing_in_use(const ByteQueue& queue) {
    must(queue.qsize() == 0, "qsize() is not 0 at the end");
    if (is_joinable(queue)) {
        must(queue.unfinished() == 0, "unfinished() is not 0 at the end");
        must(queue.join(Deadline::now()), "join() does not return");
    }
    const QueueStats stats = queue.stats();
    must(stats.memory_bytes == queue::kChunkBytes, stats.memory_bytes > queue::kChunkBytes
                                                       ? "a block has leaked"
                                                       : "the log's chunk is free");
    must(stats.queued_bytes == 0, "queued_bytes is not 0 at the end");
    must(stats.participants == 1, "dead participants are still counted");
    must(stats.put == stats.taken, "put and taken differ at the end");
    must(!is_joinable(queue) || stats.put == stats.finished, "put and finished differ at the end");
}

/// Returns how far the queue is shut.
Shut use(const ByteQueue& queue) {
    const Thing small{501, 40};
    const Thing large{502, kLarge};
    const auto bytes = payload_of(small);
    const auto put = queue.try_put({Format::raw, bytes}, Deadline::now());
    if (!put && put.error() == PutError::shut_down) {
        queue.shutdown(true);  // also for what the dead one has not dropped any more
        expect_nothing_in_use(queue);
        return Shut::draining;
    }
    must(bool(put), "an empty queue is full");
    const auto more = payload_of(large);
    // A queue of one place: one after the other.
    if (queue.maxsize() == 1) must(drain(queue).at(0).number == 501, "another item came");
    must(bool(queue.try_put({Format::raw, more}, Deadline::now())), "there is no room for two");
    const auto out = drain(queue);
    must(!out.empty() && out.back().number == 502, "what is put does not come out");
    must(queue.maxsize() == 1 || (out.size() == 2 && out.front().number == 501),
         "two items do not come out as they were put");
    expect_nothing_in_use(queue);
    return Shut::no;
}

void look(const ByteQueue& queue, Recovered& found) {
    found.waiting = queue.qsize();
    found.is_full = queue.full();
    found.waiting_bytes = queue.stats().queued_bytes;
    if (!found.is_full) return;
    const auto bytes = payload_of({503, 40});
    const auto put = queue.try_put({Format::raw, bytes}, Deadline::now());
    must(!put, "a full queue has taken an item");
}

void notice(const ByteQueue& queue, Recovered& found) {
    found.deaths = queue.notice_deaths();
    if (is_joinable(queue)) found.unfinished = queue.unfinished();
    must(queue.notice_deaths() == 0, "somebody died twice");
}

std::string show(const std::vector<Delivery>& deliveries) {
    std::string text = "[";
    for (const Delivery& each : deliveries) {
        text += ' ' + std::to_string(each.number) + "x" + std::to_string(each.deliveries);
    }
    return text + " ]";
}
std::string show(std::uint64_t number) { return std::to_string(number); }

}  // namespace

std::vector<Delivery> drain(const ByteQueue& queue) {
    std::vector<Delivery> out;
    Message message;
    while (queue.try_get(message, Deadline::now())) {
        out.push_back({number_of(message.bytes()), 0});
        if (!is_joinable(queue)) continue;
        out.back().deliveries = message.ticket().deliveries;
        queue.finish(message.ticket());
    }
    return out;
}

const char* name_of(Order order) {
    return order == Order::notice_then_drain ? "notice, then drain" : "drain, then notice";
}

std::string difference(const Recovered& wanted, const Recovered& found) {
    if (found.problem) return *found.problem;
    std::string text;
    const auto compare = [&](const char* what, const auto& want, const auto& have) {
        if (want == have || !text.empty()) return;
        text = std::string(what) + " is " + show(have) + ", not " + show(want);
    };
    compare("being shut", wanted.shut != Shut::no, found.shut != Shut::no);
    compare("put", wanted.put, found.put);
    compare("what came out", wanted.first, found.first);
    compare("what came out after notice_deaths()", wanted.second, found.second);
    compare("the dead letters", wanted.letters, found.letters);
    compare("dead_lettered", wanted.dead_lettered, found.dead_lettered);
    // Who drops the items of a queue that is shut at once may have dropped some of them.
    if (wanted.shut == Shut::at_once) return text;
    compare("qsize()", wanted.waiting, found.waiting);
    compare("queued_bytes", wanted.waiting_bytes, found.waiting_bytes);
    compare("full()", wanted.is_full, found.is_full);
    compare("unfinished()", wanted.unfinished, found.unfinished);
    compare("taken", wanted.taken, found.taken);
    compare("redelivered", wanted.redelivered, found.redelivered);
    compare("finished", wanted.finished, found.finished);
    return text;
}

void count_and_use(const ByteQueue& queue, Recovered& found) {
    found.letters = take_letters(queue);
    const QueueStats stats = queue.stats();
    found.put = stats.put;
    found.taken = stats.taken;
    found.redelivered = stats.redelivered;
    found.finished = stats.finished;
    found.dead_lettered = stats.dead_lettered;
    found.lost_in_hand = stats.lost_in_hand;
    found.shut = use(queue);
}

Recovered recover(const ByteQueue& queue, Order order) {
    Recovered found;
    try {
        if (order == Order::notice_then_drain) notice(queue, found);
        look(queue, found);
        found.first = drain(queue);
        if (order == Order::drain_then_notice) {
            notice(queue, found);
            found.second = drain(queue);
        }
        count_and_use(queue, found);
    } catch (const std::exception& thrown) {
        found.problem = thrown.what();
    }
    return found;
}

}  // namespace procession::instruction
