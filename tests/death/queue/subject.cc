// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/queue/subject.h"

#include <algorithm>
#include <stdexcept>

namespace procession::death {

namespace {

constexpr std::size_t kLarge = 6000;  // does not fit into a record of the log

const TypeStamp& type_stamp() {
    static const TypeStamp stamp{Format::raw, stamp_hash(Format::raw, "bytes"), "bytes"};
    return stamp;
}

bool is_joinable(const ByteQueue& queue) { return queue.kind() == QueueKind::joinable; }

std::vector<Delivery> take_letters(const ByteQueue& queue) {
    std::vector<Delivery> out;
    std::uint64_t last = 0;
    for (const DeadLetter& letter : queue.take_dead_letters()) {
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

void expect_nothing_in_use(const ByteQueue& queue, unsigned participants) {
    must(queue.qsize() == 0, "qsize() is not 0 at the end");
    if (is_joinable(queue)) {
        must(queue.unfinished() == 0, "unfinished() is not 0 at the end");
        must(queue.join(Deadline::now()), "join() does not return");
    }
    const QueueStats stats = queue.stats();
    must(stats.memory_bytes == bytes_of_an_empty_queue(),
         stats.memory_bytes > bytes_of_an_empty_queue() ? "a block has leaked"
                                                        : "the log's chunk is free");
    must(stats.queued_bytes == 0, "queued_bytes is not 0 at the end");
    must(stats.participants == participants, "dead participants are still counted");
    must(stats.put == stats.taken, "put and taken differ at the end");
    must(!is_joinable(queue) || stats.put == stats.finished, "put and finished differ at the end");
}

bool put(const ByteQueue& queue, int number, std::size_t bytes) {
    const auto payload = payload_of(number, bytes);
    return queue.try_put({Format::raw, payload}, Deadline::now()).has_value();
}

/// Returns how far the queue is shut.
Shut use(const ByteQueue& queue, unsigned participants) {
    if (queue.is_shut_down()) {
        must(!put(queue, 501, 40), "a queue that is shut has taken an item");
        queue.shutdown(true);  // also for what the dead one has not dropped any more
        expect_nothing_in_use(queue, participants);
        return Shut::draining;
    }
    must(put(queue, 501, 40), "an empty queue is full");
    // A queue of one place: one after the other.
    if (queue.maxsize() == 1) {
        must(QueueSubject::drain(queue).at(0).number == 501, "another item came");
    }
    must(put(queue, 502, kLarge), "there is no room for two");
    const auto out = QueueSubject::drain(queue);
    must(!out.empty() && out.back().number == 502, "what is put does not come out");
    must(queue.maxsize() == 1 || (out.size() == 2 && out.front().number == 501),
         "two items do not come out as they were put");
    expect_nothing_in_use(queue, participants);
    return Shut::no;
}

void look(const ByteQueue& queue, Finding& found) {
    found.waiting = queue.qsize();
    found.is_full = queue.full();
    found.waiting_bytes = queue.stats().queued_bytes;
    if (found.is_full) must(!put(queue, 503, 40), "a full queue has taken an item");
}

void notice_all(const ByteQueue& queue, Finding& found) {
    static_cast<void>(queue.notice_deaths());
    if (is_joinable(queue)) found.unfinished = queue.unfinished();
    must(queue.notice_deaths() == 0, "a process died twice");
}

}  // namespace

ByteQueue QueueSubject::make(const Setup& setup) {
    QueueOptions options;
    options.maxsize = setup.maxsize;
    options.max_deliveries = setup.max_deliveries;
    options.memory_limit = setup.memory_limit;
    options.name = "a subject";
    const auto kind = setup.joinable ? QueueKind::joinable : QueueKind::plain;
    return {kind, type_stamp(), options};
}

QueueModel QueueSubject::model_of(const Setup& setup, bool crowded) {
    return QueueModel({setup.joinable, setup.maxsize, setup.max_deliveries, crowded});
}

QueueScript QueueSubject::filling(const Setup& setup, const SegmentView& view,
                                  unsigned& chunks_used) {
    constexpr std::uint32_t some = 1024;  // of a record
    const auto item = [&](std::uint32_t record) {
        QueueScript script{{Verb::put, kFiller, 1, record - record_overhead(setup.joinable)},
                           {Verb::get}};
        if (setup.joinable) script.push_back({Verb::finish});
        return script;
    };
    const std::uint32_t left = view.bytes_left_in_chunk();
    if (chunks_used < setup.chunks_used) {
        if (left < some + 8) ++chunks_used;
        return item(some);
    }
    if (setup.bytes_left == 0 || left == setup.bytes_left) return {};
    const bool last = left > setup.bytes_left && left - setup.bytes_left <= 2 * some;
    return item(last ? left - setup.bytes_left : some);
}

std::span<const QueueScript> QueueSubject::works(const QueueScenario& scenario) {
    static const std::vector<QueueScript> works{
        notice(),
        {{Verb::get}, {Verb::finish}, {Verb::get}},
        {{Verb::put, 60, 2}, {Verb::put, 62, 1, 5000}},
        {{Verb::get_many, 0, 3}, {Verb::give_back}, {Verb::reject}, {Verb::close}},
        {{Verb::look}, {Verb::join}, {Verb::shut_down_now}},
    };
    // A call that does not wait for room may be told that there is none while the taking of a dead
    // consumer is not mended; the model knows no such time. Nor does it know what get_many() does
    // with an item that does not decode.
    const bool is_known =
        scenario.setup.maxsize == 0 &&
        std::none_of(scenario.prepare.begin(), scenario.prepare.end(),
                     [](const Act& act) { return act.verb == Verb::put_undecodable; });
    return std::span(works).first(is_known ? works.size() : 1);
}

std::vector<Delivery> QueueSubject::drain(const Object& queue) {
    std::vector<Delivery> out;
    Message message;
    while (queue.try_get(message, Deadline::now()).has_value()) {
        const int number = number_of(message.bytes());
        if (number < 0) {
            queue.keep_undecodable(message.view(), "for the test");
            continue;
        }
        out.push_back({number, 1});
        if (!is_joinable(queue)) continue;
        out.back().deliveries = message.ticket().deliveries;
        queue.finish(message.ticket());
    }
    return out;
}

void QueueSubject::count_and_use(const Object& queue, Finding& found, unsigned participants) {
    found.letters = take_letters(queue);
    const QueueStats stats = queue.stats();
    found.put = stats.put;
    found.taken = stats.taken;
    found.redelivered = stats.redelivered;
    found.finished = stats.finished;
    found.dead_lettered = stats.dead_lettered;
    found.lost_in_hand = stats.lost_in_hand;
    found.deaths = stats.deaths;
    found.shut = use(queue, participants);
}

Finding QueueSubject::recover(const Object& queue, Order order, unsigned participants) {
    Finding found;
    try {
        if (order == Order::notice_then_drain) notice_all(queue, found);
        look(queue, found);
        found.first = drain(queue);
        if (order == Order::drain_then_notice) notice_all(queue, found);
        // After an immediate shutdown whoever joins drops what a dead shutter left.
        if (is_joinable(queue)) static_cast<void>(queue.join(Deadline::now()));
        found.second = drain(queue);
        count_and_use(queue, found, participants);
    } catch (const std::exception& thrown) {
        found.problem = thrown.what();
    }
    return found;
}

std::string QueueSubject::try_a_fresh_pair(const Object& queue, const Live& live) {
    if (queue.is_shut_down()) return {};
    live({{Verb::put, 90}, {Verb::put, 91, 1, 5000}});
    if (drain(queue) != std::vector<Delivery>{{90, 1}, {91, 1}}) {
        return "a fresh producer is not heard";
    }
    must(put(queue, 92, 20), "an empty queue is full");
    const Progress consumer = live({{Verb::get}, {Verb::finish}});
    const bool heard = !consumer.said.empty() && consumer.said.front() == item_said(92, 1);
    return heard && queue.qsize() == 0 ? "" : "a fresh consumer does not hear";
}

bool QueueSubject::commits(const std::string& store, QueueModel::Change change) {
    using Change = QueueModel::Change;
    switch (change) {
        case Change::put: return store == "head of a record";
        // An item that was returned is taken by its lease.
        case Change::get:
        case Change::get_more:
        case Change::drop: return store == "head position" || store == "lease";
        case Change::shut_down:
        case Change::shut_down_now: return store == "shutdown";
        default: return store == "lease";
    }
}

}  // namespace procession::death

procession::ByteQueue procession::Codec<procession::ByteQueue>::decode(Reader& reader) {
    if (reader.array() != 2) throw DecodeError("decode", signature, "not a queue");
    const auto kind = procession::decode<bool>(reader) ? QueueKind::joinable : QueueKind::plain;
    return ByteQueue::decode_handle(reader, kind, death::type_stamp());
}
