// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <stdexcept>

#include "instruction/payload.h"
#include "instruction/scenario.h"
#include "queue/record.h"
#include "queue/state.h"

namespace procession::instruction {

namespace {

QueueOptions options_of(const Scenario& scenario) {
    QueueOptions options;
    options.maxsize = scenario.maxsize;
    options.max_deliveries = scenario.max_deliveries;
    options.memory_limit = 4U << 20;  // a short unit table: the file is compared at each step
    return options;
}

}  // namespace

Stage::Stage(const Scenario& scenario)
    : queue_(scenario.kind, type_stamp(), options_of(scenario)),
      model_({scenario.kind == QueueKind::joinable, scenario.maxsize, scenario.max_deliveries}),
      view_(queue_),
      self_(queue_, 0, notes_) {
    bring_log_to(scenario.bytes_left, scenario.chunks_used);
    perform(scenario.stage);
    view_.refresh();
}

void Stage::perform(const std::vector<Step>& steps) {
    self_.perform(steps);
    for (const Change& change : changes_of(steps, 0)) {
        if (!model_.apply(change)) throw std::logic_error("a stage does the impossible");
    }
}

std::uint32_t Stage::bytes_left() const {
    std::uint64_t tail = 0;
    const std::size_t at =
        shm::kObjectOffset + offsetof(queue::State, tail) + offsetof(queue::TailState, position);
    std::memcpy(&tail, view_.now().data() + at, sizeof tail);
    return queue::kChunkBytes - queue::Position::unpack(tail).offset;
}

void Stage::put_and_take_filler(std::uint32_t record_bytes) {
    const queue::RecordLayout shape(queue_.kind() == QueueKind::joinable);
    const Thing filler{kFiller, record_bytes - shape.payload_at()};
    perform({instruction::put(filler.number, filler.bytes), get()});
    if (queue_.kind() == QueueKind::joinable) perform({finish()});
}

void Stage::bring_log_to(std::uint32_t wanted, unsigned chunks_used) {
    constexpr std::uint32_t some = 1024;
    while (chunks_used > 0) {
        const std::uint32_t before = bytes_left();
        put_and_take_filler(some);
        if (bytes_left() > before) --chunks_used;
    }
    while (wanted != 0 && bytes_left() != wanted) {
        const std::uint32_t left = bytes_left();
        const bool last = left > wanted && left - wanted <= 2 * some;
        put_and_take_filler(last ? left - wanted : some);
    }
}

}  // namespace procession::instruction
