// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/dead_letters.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/step.h"
#include "queue/records.h"
#include "shm/corrupt.h"

namespace procession::inline v0::detail::queue {

namespace {

constexpr std::size_t kReasonMax = 4096;

/// The start of a dead letter's block; the reason and the payload follow.
struct Header {
    std::uint64_t number;
    std::uint64_t payload_bytes;
    std::uint32_t reason_bytes;
    std::uint32_t deliveries;
    std::uint32_t format;
    std::uint32_t unused;
};

std::size_t kept_of(std::string_view reason) { return std::min(reason.size(), kReasonMax); }

}  // namespace

std::uint64_t DeadLetters::Content::bytes_needed() const noexcept {
    return sizeof(Header) + kept_of(reason) + payload.size();
}

void DeadLetters::write(std::uint32_t block, const Content& content) noexcept {
    const std::size_t reason = kept_of(content.reason);
    Header header{};
    header.payload_bytes = content.payload.size();
    header.reason_bytes = static_cast<std::uint32_t>(reason);
    header.deliveries = content.deliveries;
    header.format = static_cast<std::uint32_t>(content.format);
    std::byte* to = pool_.memory(block);
    std::memcpy(to, &header, sizeof header);
    content.reason.copy(reinterpret_cast<char*>(to + sizeof header), reason);
    // Both lie in the pool: where that is corrupt, they may overlap.
    if (!content.payload.empty()) {
        std::memmove(to + sizeof header + reason, content.payload.data(), content.payload.size());
    }
    PROCESSION_STEP("dead_letter.written");
}

void DeadLetters::set_number(HoldsMemory /*lock*/, std::uint32_t block,
                             std::uint64_t number) noexcept {
    word_at(pool_.memory(block)).store(number);
}

DeadLetter DeadLetters::read(std::uint32_t unit, const shm::Block& block) const {
    Header header;
    const std::byte* from = pool_.memory(unit);
    std::memcpy(&header, from, sizeof header);
    const std::uint64_t room = std::uint64_t{block.units} * shm::kUnitBytes - sizeof header;
    shm::require(header.reason_bytes <= room && header.payload_bytes <= room - header.reason_bytes,
                 "a dead letter is longer than its block");
    from += sizeof header;
    DeadLetter letter;
    letter.reason.assign(reinterpret_cast<const char*>(from), header.reason_bytes);
    from += header.reason_bytes;
    letter.bytes.assign(from, from + header.payload_bytes);
    letter.format = static_cast<Format>(header.format);
    letter.deliveries = header.deliveries;
    letter.number = header.number;
    return letter;
}

std::vector<DeadLetter> DeadLetters::read_all(HoldsMemory lock, bool take) {
    std::vector<DeadLetter> letters;
    pool_.each_block(lock, [&](std::uint32_t unit, const shm::Block& block) {
        if (block.state != shm::BlockState::dead_letter) return;
        letters.push_back(read(unit, block));
        if (take) pool_.give(lock, unit);
    });
    pool_.decommit_excess(lock);
    std::sort(letters.begin(), letters.end(),
              [](const auto& a, const auto& b) { return a.number < b.number; });
    return letters;
}

}  // namespace procession::inline v0::detail::queue
