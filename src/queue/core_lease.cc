// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "queue/core_impl.h"

namespace procession::queue {

using shm::BlockState;
using shm::require;

void Core::give_back(const Ticket& ticket, std::string_view why) {
    guarded("give_back", [&] {
        const Actor me = self();
        begin_ending(ticket, "give_back");
        try {
            acquire(state_.head_lock, me);
            const Lock lock(state_.head_lock);
            settle_head(me);
            take_over(me.slot, Position::unpack(ticket.position), drops_items(), me, why);
        } catch (const std::exception&) {
            leave_open(ticket);  // still the caller's
            throw;
        }
        not_empty_.notify();
        announce_finished();
        if (Attachments* held = attachments_.if_made()) held->leave(ticket);
    });
}

// Into the list of returned items, in the order in which they were put.
void Core::push_returned(Position at, std::byte* record) {
    auto& lease_word = RecordLog::lease_word(record);
    const LeaseWord lease = LeaseWord::unpack(lease_word.load());
    state_.listing.begin(ListIntent::push, at.pack(), 0, {0});
    PROCESSION_STEP("return.begun");
    returned_.add(at);
    PROCESSION_STEP("return.listed");
    lease_word.store(LeaseWord{LeaseState::returned, 0, lease.deliveries}.pack(),
                     std::memory_order_release);
    PROCESSION_STEP("return.returned");
    state_.returned.count.store(state_.returned.count.load() + 1, std::memory_order_release);
    PROCESSION_STEP("return.counted");
    state_.listing.end();
    PROCESSION_STEP("return.settled");
}

// Fills a block that is still this process's own, under no lock that others wait for.
std::uint32_t Core::write_dead_letter(Format format, std::span<const std::byte> payload,
                                      std::uint32_t deliveries, std::string_view reason, Actor me) {
    const std::string_view kept = reason.substr(0, 4096);
    const std::uint32_t unit =
        take_block(sizeof(DeadLetterHeader) + kept.size() + payload.size(), me);
    DeadLetterHeader header{};
    header.payload_bytes = payload.size();
    header.reason_bytes = static_cast<std::uint32_t>(kept.size());
    header.deliveries = deliveries;
    header.format = static_cast<std::uint32_t>(format);
    std::byte* to = pool_.memory(unit);
    std::memcpy(to, &header, sizeof header);
    std::memcpy(to + sizeof header, kept.data(), kept.size());
    // Both lie in the pool: where that is corrupt, they may overlap.
    if (!payload.empty()) {
        std::memmove(to + sizeof header + kept.size(), payload.data(), payload.size());
    }
    PROCESSION_STEP("dead_letter.written");
    return unit;
}

// Under the memory lock: from a held item to a dead letter, by one store to its lease.
void Core::commit_dead_letter(Position at, std::byte* record, std::uint32_t block) {
    const LeaseWord lease = LeaseWord::unpack(RecordLog::lease_word(record).load());
    RecordLog::word(pool_.memory(block)).store(state_.dead_lettered.load() + 1);
    begin_intent(MemoryIntent::dead_letter, at, block);
    RecordLog::lease_word(record).store(LeaseWord{LeaseState::finished, 0, lease.deliveries}.pack(),
                                        std::memory_order_release);
    PROCESSION_STEP("dead_letter.committed");
    pool_.set(block, BlockState::dead_letter, 0);
    PROCESSION_STEP("dead_letter.kept");
    state_.dead_lettered.store(state_.memory_intent.value(kDeadLetteredBefore) + 1,
                               std::memory_order_release);
    PROCESSION_STEP("dead_letter.counted");
    complete_finish(at);
}

// The lease is about to be ended by this thread.
void Core::reject_now(const Ticket& ticket, std::string_view reason, Actor me) {
    const Position at = Position::unpack(ticket.position);
    RecordHead head;
    std::byte* record = log_.record_at(at, head);
    std::uint32_t unit = 0;
    const std::uint32_t block =
        write_dead_letter(static_cast<Format>(head.format), payload_of(record, head, unit),
                          ticket.deliveries, reason, me);
    try {
        acquire(state_.memory_lock, me);
    } catch (const std::exception&) {  // a participant is stopped
        give_block(block, me);
        throw;
    }
    {
        const Lock lock(state_.memory_lock);
        commit_dead_letter(at, record, block);
    }
    announce_finished();
}

void Core::reject(const Ticket& ticket, std::string_view reason) {
    guarded("reject", [&] {
        const Actor me = self();
        begin_ending(ticket, "reject");
        try {
            reject_now(ticket, reason, me);
        } catch (const std::exception&) {  // no memory, or a participant is stopped
            leave_open(ticket);            // still the caller's
            throw;
        }
        if (Attachments* held = attachments_.if_made()) held->release(ticket);
    });
}

std::vector<DeadLetter> Core::dead_letters(bool take) {
    return guarded("dead_letters", [&] {
        const Actor me = self();
        write_waiting_letters(me.slot);
        std::vector<DeadLetter> letters;
        acquire(state_.memory_lock, me);
        const Lock lock(state_.memory_lock);
        pool_.each_block([&](std::uint32_t unit, const shm::Block& block) {
            if (block.state != BlockState::dead_letter) return;
            DeadLetterHeader header;
            const std::byte* from = pool_.memory(unit);
            std::memcpy(&header, from, sizeof header);
            const std::uint64_t room = std::uint64_t{block.units} * shm::kUnitBytes - sizeof header;
            require(
                header.reason_bytes <= room && header.payload_bytes <= room - header.reason_bytes,
                "a dead letter is longer than its block");
            from += sizeof header;
            DeadLetter letter;
            letter.reason.assign(reinterpret_cast<const char*>(from), header.reason_bytes);
            from += header.reason_bytes;
            letter.bytes.assign(from, from + header.payload_bytes);
            letter.format = static_cast<Format>(header.format);
            letter.deliveries = header.deliveries;
            letter.number = header.number;
            letters.push_back(std::move(letter));
            if (take) pool_.give(unit);
        });
        pool_.decommit_excess();
        std::sort(letters.begin(), letters.end(),
                  [](const auto& a, const auto& b) { return a.number < b.number; });
        return letters;
    });
}

}  // namespace procession::queue
