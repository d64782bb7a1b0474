// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/queue/setup.h"

#include "death/queue/payload.h"

namespace procession::death {

QueueOptions options_of(const QueueSetup& setup) {
    QueueOptions options;
    options.maxsize = setup.maxsize;
    options.max_bytes = setup.max_bytes;
    options.max_deliveries = setup.max_deliveries;
    options.memory_limit = setup.memory_limit;
    options.name = "a subject";
    return options;
}

QueueModel model_of(const QueueSetup& setup, bool crowded) {
    return QueueModel(
        {setup.joinable, setup.maxsize, setup.max_bytes, setup.max_deliveries, crowded});
}

QueueScript filling_of(const QueueSetup& setup, const SegmentView& view, unsigned& chunks_used) {
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

}  // namespace procession::death
