// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A handle arrives, and the memory behind it is foreign: attaching reads all of its header.
// The input: one byte for the size of the file, one that says whether a sound header is underneath,
// then bytes to write over the start.

#include <cstdint>
#include <memory>

#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "fuzz/scenario.h"
#include "queue/shared_queue.h"

namespace procession::fuzz {

using namespace detail;
namespace {

constexpr std::array<std::uint64_t, 8> kSizes{
    0,       100,      4096, shm::kTableOffset - 1, shm::kTableOffset, shm::kTableOffset + 4096,
    200'000, 1'000'000};

void use(Input& input, os::Handle file) {
    survives([&] {
        const auto queue = queue::SharedQueue::attach(std::move(file));
        static_cast<void>(queue->label());
        static_cast<void>(queue->segment().stamp());
        survives([&] { static_cast<void>(queue->stats()); });
        survives([&] { static_cast<void>(queue->producer().put({}, Deadline::now())); });
        Message message;
        survives([&] { static_cast<void>(queue->consumer().get(message, Deadline::now())); });
        survives(
            [&] { static_cast<void>(queue->undecodable().dead_letters(input.byte() % 2 == 0)); });
        survives([&] { queue->shutdown(true); });
        queue->close();
    });
}

void run(Input input) {
    const std::uint64_t size = kSizes[input.byte() % kSizes.size()];
    const bool sound = input.byte() % 2 == 1;
    if (!sound) {
        const auto header = input.take(1024);
        return use(input, memory_file_with(header, size));
    }
    // Patches of a sound segment: offset, length, bytes.
    os::Handle file = image_of_death(QueueKind::joinable, 0).restore();
    while (!input.at_end()) {
        const std::uint64_t at = input.next<std::uint16_t>() % (shm::kObjectOffset + 64);
        const auto bytes = input.take(1 + input.byte() % 16);
        write_at(file, at, bytes);
    }
    use(input, std::move(file));
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
