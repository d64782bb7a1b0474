// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The record of deaths lies in memory that every participant can write. Whatever stands there, a
// reader gets an answer or CorruptSegment, never a crash, a hang or an endless loop.

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <span>

#include "procession/procession.h"
#include "queue/shared_queue.h"
#include "shm/death_log.h"
#include "support/gate.h"

namespace procession {

using namespace detail;
namespace {

using namespace std::chrono_literals;

std::span<std::byte> area_of_the_only_queue() {
    const auto all = shm::SharedObject::all();
    EXPECT_EQ(all.size(), 1U);
    return {all.front()->segment().deaths(), sizeof(shm::DeathArea)};
}

void let_one_die(const JoinableQueue<int>& queue) {
    queue.put(1);
    const int victim = ::fork();
    if (victim == 0) {
        const auto lease = queue.get();
        ::kill(::getpid(), SIGKILL);
    }
    EXPECT_EQ(::waitpid(victim, nullptr, 0), victim);
}

// Every verb that reads the record. Returns how many found it corrupt.
int ask_everything(const JoinableQueue<int>& queue) {
    int corrupt = 0;
    const auto ask = [&](auto verb) {
        try {
            verb();
        } catch (const CorruptSegment&) {
            ++corrupt;
        }
    };
    ask([&] { EXPECT_LE(queue.deaths().size(), 63U); });
    ask([&] { static_cast<void>(queue.wait_for_deaths(0, 1ms)); });
    ask([&] { static_cast<void>(queue.wait_for_deaths(~std::uint64_t{0}, 1ms)); });
    ask([&] { static_cast<void>(queue.stats()); });
    ask([&] { static_cast<void>(queue.participants()); });
    ask([&] { queue.bytes().notice_deaths(); });
    ask([&] { EXPECT_LE(queue.deaths(3).size(), 63U); });
    return corrupt;
}

TEST(HostileDeathRecord, full_of_anything_is_an_answer_or_an_error) {
    int corrupt = 0;
    for (unsigned seed = 0; seed < 200; ++seed) {
        const JoinableQueue<int> queue;
        let_one_die(queue);
        std::mt19937 random(seed);
        const auto area = area_of_the_only_queue();
        // All of it, or a few words.
        const std::size_t words = seed % 2 == 0 ? area.size() / 4 : 1 + random() % 8;
        for (std::size_t i = 0; i < words; ++i) {
            const auto word =
                static_cast<std::uint32_t>(random() % 3 == 0 ? random() % 70 : random());
            const std::size_t at = seed % 2 == 0 ? i * 4 : random() % 1000 / 4 * 4;
            std::memcpy(&area[at], &word, sizeof word);
        }
        corrupt += ask_everything(queue) > 0 ? 1 : 0;
    }
    EXPECT_GT(corrupt, 20) << "hardly any was noticed";
    std::printf("%d of 200 were found corrupt\n", corrupt);
}

TEST(HostileDeathRecord, with_all_bits_set_is_an_answer_or_an_error) {
    const JoinableQueue<int> queue;
    let_one_die(queue);
    const auto area = area_of_the_only_queue();
    std::memset(area.data(), 0xff, area.size());
    EXPECT_GT(ask_everything(queue), 0);
    EXPECT_THROW(queue.put(1), CorruptSegment) << "for everybody";
}

TEST(HostileDeathRecord, that_counts_more_than_it_records_is_corrupt) {
    const JoinableQueue<int> queue;
    let_one_die(queue);
    queue.bytes().notice_deaths();
    auto& area = *reinterpret_cast<shm::DeathArea*>(area_of_the_only_queue().data());
    area.deaths.store(2);
    EXPECT_THROW(static_cast<void>(queue.deaths()), CorruptSegment);
}

TEST(HostileDeathRecord, of_an_impossible_participant_is_corrupt) {
    const JoinableQueue<int> queue;
    let_one_die(queue);
    queue.bytes().notice_deaths();
    auto& area = *reinterpret_cast<shm::DeathArea*>(area_of_the_only_queue().data());
    area.records[0].slot.store(shm::kParticipantsMax);
    EXPECT_THROW(static_cast<void>(queue.deaths()), CorruptSegment);
}

}  // namespace
}  // namespace procession
