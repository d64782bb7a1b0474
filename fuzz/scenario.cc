// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "fuzz/scenario.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/step.h"
#include "fuzz/expect.h"
#include "queue/shared_queue.h"

namespace procession::fuzz {

using namespace detail;

namespace {

// One thread: the fuzzer's.
unsigned steps_left = 0;
const queue::SharedQueue* photographed = nullptr;
MemoryImage photograph;

[[maybe_unused]] void count_step(const char*) {
    if (photographed == nullptr || --steps_left != 0) return;
    photograph = MemoryImage::of(photographed->segment().file());
    photographed = nullptr;
}

void put(queue::SharedQueue& queue, std::size_t bytes, char letter) {
    const std::string text(bytes, letter);
    const Piece piece{Format::msgpack, std::as_bytes(std::span(text))};
    if (queue.producer().put(piece, Deadline::now()) != queue::Outcome::done)
        found("the scenario cannot put");
}

std::vector<Message> get(queue::SharedQueue& queue, std::size_t count) {
    std::vector<Message> messages(count);
    for (Message& message : messages) {
        if (queue.consumer().get(message, Deadline::now()) != queue::Outcome::done) {
            found("the scenario cannot get");
        }
    }
    return messages;
}

void live(queue::SharedQueue& queue, bool joinable) {
    put(queue, 20, 'a');
    put(queue, 5000, 'b');
    put(queue, 0, 'c');
    put(queue, 70'000, 'd');
    auto held = get(queue, 3);
    if (joinable) {
        queue.leases().finish(held[0].ticket());
        queue.leases().give_back(held[1].ticket());
        queue.leases().reject(held[2].ticket(), "refused by the scenario");
    } else {
        queue.undecodable().keep_as_dead_letter(held[2].view(), "refused by the scenario");
    }
    // Over the end of two chunks.
    for (int i = 0; i < 36; ++i) put(queue, 4000, static_cast<char>('A' + i % 26));
    held = get(queue, 20);
    for (std::size_t i = 0; joinable && i < held.size(); ++i) {
        if (i % 3 == 0) queue.leases().give_back(held[i].ticket());
        if (i % 3 == 1) queue.leases().finish(held[i].ticket());
    }
    auto last = get(queue, 2);
    put(queue, 9000, 'z');
    // It dies here at the latest, before it could leave.
    photographed = nullptr;
    if (photograph.bytes() == 0) photograph = MemoryImage::of(queue.segment().file());
}

MemoryImage photograph_at(QueueKind kind, unsigned step) {
    QueueOptions options;
    options.maxsize = 64;
    options.memory_limit = std::uint64_t{2} << 20;
    options.max_deliveries = 2;
    options.name = "fuzz";
    const auto queue = queue::SharedQueue::create(kind, {Format::msgpack, 0, "string"}, options);
    photograph = MemoryImage();
    steps_left = step;
    photographed = step == 0 ? nullptr : queue.get();
#ifdef PROCESSION_KILL_POINTS
    base::step_hook.store(count_step);
#endif
    live(*queue, kind == QueueKind::joinable);
#ifdef PROCESSION_KILL_POINTS
    base::step_hook.store(nullptr);
#endif
    return std::move(photograph);
}

}  // namespace

const MemoryImage& image_of_death(QueueKind kind, unsigned step) {
    static std::map<std::pair<QueueKind, unsigned>, std::unique_ptr<MemoryImage>> known;
    auto& image = known[{kind, step}];
    if (image == nullptr) image = std::make_unique<MemoryImage>(photograph_at(kind, step));
    return *image;
}

}  // namespace procession::fuzz
