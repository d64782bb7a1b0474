// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// One participant writes random bytes all over the shared memory while others work in it: none
// crashes, none waits for ever, each of them is told.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "procession/procession.h"
#include "support/queue_helpers.h"
#include "support/segment_bytes.h"
#include "support/shared_notes.h"

namespace procession {

using namespace detail;
namespace {

using namespace std::chrono_literals;
using testing::SegmentBytes;
using testing::SharedNotes;

using Random = std::mt19937_64;

struct Notes {
    std::atomic<bool> is_over{false};
    std::atomic<std::uint64_t> operations{0};
    std::atomic<std::uint64_t> refusals{0};
};

std::string text_for(Random& random) {
    constexpr std::size_t lengths[] = {0, 5, 100, 3000, 4096, 5000, 20'000};
    return std::string(lengths[random() % std::size(lengths)], 't');
}

template <class Queue>
void operate(Queue& queue, Random& random) {
    switch (random() % 12) {
        case 0:
        case 1:
        case 2: return queue.put(text_for(random));
        case 3:
        case 4:
        case 5: return static_cast<void>(testing::take(queue));
        case 6: return static_cast<void>(queue.try_put(text_for(random), 1ms));
        case 7: return static_cast<void>(queue.stats());
        case 8: return static_cast<void>(queue.full());
        case 9:
            return static_cast<void>(queue.put_many(std::vector<std::string>(3, text_for(random))));
        case 10: return static_cast<void>(queue.dead_letters());
        default:
            if constexpr (requires { queue.unfinished(); }) queue.join();
    }
}

// Works until it is told that the queue is corrupt, waiting without a limit: nothing else ends it.
template <class Queue>
void work(Queue queue, Notes& notes, std::uint64_t seed) {
    Random random(seed);
    while (!notes.is_over.load()) {
        try {
            operate(queue, random);
            notes.operations.fetch_add(1);
        } catch (const CorruptSegment&) {
            notes.refusals.fetch_add(1);
            return;
        } catch (const Error&) {
            // An item that is no text any more, a queue that seems shut down: the next one, then.
        }
    }
}

void scribble_somewhere(const SegmentBytes& segment, Random& random) {
    const auto all = segment.all();
    // Half of it where the state of the queue is: a small part of the whole.
    const bool state = random() % 2 == 0;
    const std::size_t from = state ? shm::kObjectOffset : 0;
    const std::size_t bytes = state ? sizeof(queue::State) : all.size();
    const std::size_t length = std::size_t{1} << random() % (state ? 4 : 9);
    const std::size_t at = from + random() % (bytes - length);
    constexpr std::uint64_t small[] = {0, 1, 2, 255, 0x7fffffff, 0xffffffff};
    std::uint64_t value = random() % 3 == 0 ? small[random() % std::size(small)] : random();
    for (std::size_t i = 0; i < length; i += sizeof value) {
        std::memcpy(&all[at + i], &value, std::min(sizeof value, length - i));
        if (random() % 2 == 0) value = random();
    }
}

void scribble_everywhere(const SegmentBytes& segment, Random& random) {
    const auto all = segment.all();
    for (std::size_t at = 0; at + 8 <= all.size(); at += 8) {
        const std::uint64_t value = random();
        std::memcpy(&all[at], &value, sizeof value);
    }
    // No participant may rely on the flag: it was scribbled on as well.
    segment.header().poisoned.store(0);
}

template <class Queue>
void one_round(std::uint64_t seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Random random(seed);
    QueueOptions options;
    options.maxsize = 8;
    options.memory_limit = 8 << 20;
    options.max_deliveries = 3;
    SharedNotes<Notes> notes;
    {
        Queue queue{options};
        for (int i = 0; i < 6; ++i) queue.put(text_for(random));
        std::vector<Process> workers;
        for (int i = 0; i < 3; ++i) {
            workers.emplace_back(procession::fork,
                                 [&, worker_seed = random()] { work(queue, *notes, worker_seed); });
        }
        Process scribbler(procession::fork, [&, own_seed = random()] {
            Random own(own_seed);
            const SegmentBytes segment(queue);
            // Sooner or later, whatever the others do: they may wait for each other already. Not by
            // giving up the processor, which would be given back late where others are busy.
            for (std::uint64_t turns = own() % 1'000'000; turns != 0; --turns) own.discard(1);
            for (std::uint64_t i = own() % 200; i != 0; --i) scribble_somewhere(segment, own);
            scribble_everywhere(segment, own);
        });
        EXPECT_TRUE(testing::ends_well(scribbler));
        for (Process& worker : workers) EXPECT_TRUE(testing::ends_well(worker));
        EXPECT_EQ(notes->refusals.load(), 3U);
        EXPECT_THROW(queue.put("after all"), CorruptSegment);
        EXPECT_THROW(static_cast<void>(queue.get()), CorruptSegment);
        queue.close();
    }
    Queue fresh{options};
    fresh.put("sound");
    EXPECT_EQ(testing::take(fresh, Deadline::now()), "sound");
}

template <class Kind>
class Scribble : public testing::ForKind<Kind> {};
TYPED_TEST_SUITE(Scribble, testing::BothKinds, testing::KindName);

TYPED_TEST(Scribble, over_everything_is_told_to_all_and_ends_every_wait) {
    const char* soak = std::getenv("PROCESSION_SOAK");
    const int rounds = soak != nullptr && *soak == '1' ? 1000 : testing::sanitized ? 8 : 25;
    const std::uint64_t seed = std::random_device{}();
    std::printf("seed of the first of %d rounds: %llu\n", rounds,
                static_cast<unsigned long long>(seed));
    std::fflush(stdout);
    for (int round = 0; round < rounds; ++round) {
        one_round<typename TestFixture::Texts>(seed + static_cast<std::uint64_t>(round));
        if (this->HasFailure()) return;
    }
}

}  // namespace
}  // namespace procession
