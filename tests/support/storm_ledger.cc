// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/storm_ledger.h"

#include <algorithm>
#include <chrono>
#include <cstring>

namespace procession::testing {

namespace {

// Spreads consecutive numbers.
std::uint64_t mixed(std::uint64_t number) {
    number = (number + 1) * 0x9e3779b97f4a7c15U;
    return number ^ (number >> 29);
}

std::size_t between(std::uint64_t choice, std::size_t least, std::size_t most) {
    return least + static_cast<std::size_t>(choice % (most - least + 1));
}

std::size_t size_of(std::uint32_t number, StormSizes sizes) {
    const std::uint64_t choice = mixed(number);
    const std::uint64_t percent = choice % 100;
    const std::uint64_t within = choice / 100;
    const std::uint64_t small_percent = sizes == StormSizes::small   ? 100
                                        : sizes == StormSizes::mixed ? 70
                                                                     : 20;
    const std::uint64_t huge_percent = sizes == StormSizes::large ? 15 : 1;
    if (percent < small_percent) return between(within, 0, 1000);
    if (percent >= 100 - huge_percent) return between(within, 65'536, std::size_t{1} << 20);
    // Around the limit, where the encoding's head decides.
    if (percent % 2 == 0) return between(within, 4040, 4100);
    return between(within, 4096, 65'536);
}

std::string body_of(std::uint32_t number, StormSizes sizes) {
    std::string body(size_of(number, sizes), '\0');
    const std::uint64_t first = mixed(number);
    for (std::size_t at = 0; at < body.size(); at += sizeof first) {
        const std::uint64_t word = first + at;
        std::memcpy(body.data() + at, &word, std::min(sizeof word, body.size() - at));
    }
    return body;
}

}  // namespace

StormItem make_item(std::uint32_t number, std::uint32_t source, StormSizes sizes) {
    return {number, source, body_of(number, sizes)};
}

bool is_whole(const StormItem& item, StormSizes sizes) {
    return item.number < StormNotes::kItemsMax && item.body == body_of(item.number, sizes);
}

void Recoveries::add(std::int64_t nanoseconds) {
    const std::uint32_t place = count.fetch_add(1);
    if (place < times.size()) times[place].store(nanoseconds);
}

std::vector<std::int64_t> Recoveries::all() const {
    const auto end = std::min<std::size_t>(count.load(), times.size());
    std::vector<std::int64_t> found;
    for (std::size_t i = 0; i < end; ++i) {
        // 0: its writer died between the two stores.
        if (const std::int64_t time = times[i].load(); time != 0) found.push_back(time);
    }
    std::sort(found.begin(), found.end());
    return found;
}

namespace {

SharedRecord<StormNotes>::Address address_in(const std::string& place) {
    const std::size_t colon = place.find(':');
    return {std::stoi(place.substr(0, colon)), std::stoi(place.substr(colon + 1))};
}

}  // namespace

StormLedger::StormLedger(const std::string& place) : notes_(address_in(place)) {}

std::string StormLedger::place() const {
    const auto address = notes_.address();
    return std::to_string(address.pid) + ":" + std::to_string(address.fd);
}

StormScore score_of(const StormNotes& notes) {
    StormScore score;
    const std::uint32_t end = std::min(notes.next_item.load(), StormNotes::kItemsMax);
    for (std::uint32_t number = 0; number < end; ++number) {
        const std::uint8_t facts = notes.items[number].facts.load();
        const bool was_put = (facts & kPut) != 0;
        const bool by_consumer = (facts & (kEnding | kEnded)) != 0;
        const bool by_letter = (facts & kLetter) != 0;
        score.committed += was_put ? 1 : 0;
        score.delivered += (facts & kSeen) != 0 ? 1 : 0;
        score.settled += by_consumer || by_letter ? 1 : 0;
        score.lost += was_put && !by_consumer && !by_letter ? 1 : 0;
        score.unseen += was_put && (facts & kSeen) == 0 ? 1 : 0;
        // A consumer that was about to end it may have died before it had.
        score.twice += (facts & kEnded) != 0 && by_letter ? 1 : 0;
    }
    for (const LifeNotes& life : notes.lives) {
        if (life.killed_at.load() != 0) score.in_hand += life.taking.load();
    }
    return score;
}

std::int64_t steady_now() {
    const auto now = std::chrono::steady_clock::now().time_since_epoch();
    return std::chrono::nanoseconds(now).count();
}

}  // namespace procession::testing
