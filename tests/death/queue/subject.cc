// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/queue/subject.h"

#include <algorithm>
#include <stdexcept>

#include "death/queue/recovery.h"

namespace procession::death {

namespace {

const TypeStamp& type_stamp() {
    static const TypeStamp stamp{Format::raw, stamp_hash(Format::raw, "bytes"), "bytes"};
    return stamp;
}

}  // namespace

ByteQueue QueueSubject::make(const Setup& setup) {
    const auto kind = setup.joinable ? QueueKind::joinable : QueueKind::plain;
    return {kind, type_stamp(), options_of(setup)};
}

QueueModel QueueSubject::model_of(const Setup& setup, bool crowded) {
    return death::model_of(setup, crowded);
}

QueueScript QueueSubject::filling(const Setup& setup, const SegmentView& view,
                                  unsigned& chunks_used) {
    return filling_of(setup, view, chunks_used);
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
    // consumer is not repaired; the model knows no such time. Nor does it know what get_many() does
    // with an item that does not decode.
    const bool is_known =
        scenario.setup.maxsize == 0 &&
        std::none_of(scenario.prepare.begin(), scenario.prepare.end(),
                     [](const Act& act) { return act.verb == Verb::put_undecodable; });
    return std::span(works).first(is_known ? works.size() : 1);
}

std::vector<Delivery> QueueSubject::drain(const Object& queue) {
    return Recovery<ByteQueue>(queue).drain();
}

void QueueSubject::count_and_use(const Object& queue, Finding& found, unsigned participants) {
    Recovery<ByteQueue>(queue, participants).count_and_use(found);
}

Finding QueueSubject::recover(const Object& queue, Order order, unsigned participants) {
    return Recovery<ByteQueue>(queue, participants).recover(order);
}

std::string QueueSubject::try_a_fresh_pair(const Object& queue, const Live& live) {
    if (queue.is_shut_down()) return {};
    live({{Verb::put, 90}, {Verb::put, 91, 1, 5000}});
    if (drain(queue) != std::vector<Delivery>{{90, 1}, {91, 1}}) {
        return "a fresh producer is not heard";
    }
    must(Recovery<ByteQueue>(queue).put(92, 20), "an empty queue is full");
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

template class procession::death::Possible<procession::death::QueueModel>;
