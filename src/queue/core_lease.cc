// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>

#include "queue/core_impl.h"

namespace procession::queue {

using ring::BlockState;
using ring::Lease;
using ring::LeaseState;
using ring::Position;
using ring::RecordHead;
using ring::RecordLog;
using ring::require;

void Core::check_lease(const Ticket& ticket, std::string_view operation) {
    if (!joinable_) {
        throw ValueError(operation, label(), "only a JoinableQueue leases its items");
    }
    if (ticket.generation != membership_.generation()) {
        throw ValueError(operation, label(),
                         "this lease is the parent process's; a fork child has none of them");
    }
    if (!open_leases().remove(ticket)) {
        throw ValueError(operation, label(), "this lease has ended already");
    }
}

bool Core::holds(const Ticket& ticket, Actor me, std::byte*& record, RecordHead& head) const {
    record = log_.record_at(Position::unpack(ticket.position), head);
    const Lease lease = Lease::unpack(RecordLog::lease_word(record).load());
    return lease.state == LeaseState::held && lease.owner == me.slot &&
           lease.deliveries == ticket.deliveries;
}

void Core::begin_op(MemoryOp op, Position at, std::uint32_t block) {
    state_.op_record.store(at.pack(), std::memory_order_release);
    state_.op_block.store(block, std::memory_order_release);
    state_.op_finished.store(state_.finished.load(), std::memory_order_release);
    state_.op_dead_lettered.store(state_.dead_lettered.load(), std::memory_order_release);
    if (op != MemoryOp::lost_bytes) {
        state_.op_chunk_finished.store(log_.chunk(at.chunk).finished.load(),
                                       std::memory_order_release);
    }
    PROCESSION_STEP("finish.described");
    state_.op.store(op, std::memory_order_release);
    PROCESSION_STEP("finish.announced");
}

// Everything that follows from an item being finished. Idempotent, also after half of it.
void Core::complete_finish(Position at) {
    state_.finished.store(state_.op_finished.load() + 1, std::memory_order_release);
    PROCESSION_STEP("finish.counted");
    ring::ChunkHeader& chunk = log_.chunk(at.chunk);
    chunk.finished.store(state_.op_chunk_finished.load() + 1, std::memory_order_release);
    PROCESSION_STEP("finish.counted_in_chunk");
    RecordHead head;
    std::byte* record = log_.record_at(at, head);
    if (head.is(ring::kOutside)) {
        const std::uint32_t unit = log_.outside_unit(record);
        if (pool_.block(unit).state == BlockState::queued) pool_.give(unit);
        PROCESSION_STEP("finish.payload_freed");
    }
    const bool chunk_done = chunk.passed.load() != 0 &&
                            chunk.finished.load() == chunk.records.load() &&
                            pool_.block(at.chunk).state == BlockState::chunk;
    if (chunk_done) pool_.give(at.chunk);
    PROCESSION_STEP("finish.chunk_freed");
    state_.op.store(MemoryOp::none, std::memory_order_release);
    PROCESSION_STEP("finish.completed");
}

// Under the memory lock: one store to the lease finishes the item.
void Core::commit_finish(Position at, std::byte* record) {
    const Lease lease = Lease::unpack(RecordLog::lease_word(record).load());
    begin_op(MemoryOp::finish, at, 0);
    RecordLog::lease_word(record).store(Lease{LeaseState::finished, 0, lease.deliveries}.pack(),
                                        std::memory_order_release);
    PROCESSION_STEP("finish.committed");
    complete_finish(at);
}

void Core::finish(const Ticket& ticket) {
    guarded("task_done", [&] {
        check_lease(ticket, "task_done");
        finish_held(ticket);
    });
}

// Of a lease that is no longer among the open ones.
void Core::finish_held(const Ticket& ticket) {
    const Actor me = self();
    acquire(state_.memory_lock, me);
    {
        const Lock lock(state_.memory_lock);
        std::byte* record = nullptr;
        RecordHead head;
        require(holds(ticket, me, record, head), "a lease is not its holder's");
        commit_finish(Position::unpack(ticket.position), record);
    }
    announce_finished();
}

void Core::announce_finished() {
    // relaxed: ordered after the change by the lock's release
    if (state_.join_bell.load(std::memory_order_relaxed) == 0) return;
    if (state_.finished.load() >= state_.tail.count.load()) join_bell_.ring_all();
}

void Core::task_done() {
    guarded("task_done", [&] {
        if (!joinable_) {
            throw ValueError("task_done", label(), "only a JoinableQueue counts finished tasks");
        }
        const auto oldest = open_leases().take_oldest_of_this_thread();
        if (!oldest) {
            throw ValueError("task_done", label(),
                             "task_done() called too many times: this thread holds no item of it");
        }
        finish_held(*oldest);
    });
}

void Core::give_back(const Ticket& ticket) {
    guarded("give_back", [&] {
        const Actor me = self();
        check_lease(ticket, "give_back");
        acquire(state_.head_lock, me);
        {
            const Lock lock(state_.head_lock);
            settle_head(me);
            std::byte* record = nullptr;
            RecordHead head;
            require(holds(ticket, me, record, head), "a lease is not its holder's");
            take_over(me.slot, Position::unpack(ticket.position), me);
        }
        item_bell_.ring();
        announce_finished();
    });
}

std::uint64_t Core::sequence_of(Position at) const {
    return log_.chunk(at.chunk).first_count.load() * ring::kChunkBytes + at.offset;
}

// Into the list of returned items, in the order in which they were put.
void Core::push_returned(Position at, std::byte* record) {
    auto& lease_word = RecordLog::lease_word(record);
    const Lease lease = Lease::unpack(lease_word.load());
    state_.op_returned.store(at.pack(), std::memory_order_release);
    state_.list_op.store(kListPush, std::memory_order_release);
    PROCESSION_STEP("return.announced");
    const std::uint64_t mine = sequence_of(at);
    std::atomic<std::uint64_t>* before = &state_.returned_first;
    std::uint64_t next = before->load();
    std::uint64_t last = 0;
    while (next != 0) {
        const Position other = Position::unpack(next);
        const std::uint64_t sequence = sequence_of(other);
        if (sequence >= mine) break;
        // So it has an end.
        require(sequence > last, "the list of returned items is out of order");
        last = sequence;
        RecordHead head;
        before = &RecordLog::link_word(log_.record_at(other, head));
        next = before->load();
    }
    RecordLog::link_word(record).store(next, std::memory_order_release);
    PROCESSION_STEP("return.linked");
    before->store(at.pack(), std::memory_order_release);
    PROCESSION_STEP("return.listed");
    lease_word.store(Lease{LeaseState::returned, 0, lease.deliveries}.pack(),
                     std::memory_order_release);
    PROCESSION_STEP("return.returned");
    state_.returned_count.store(state_.returned_count.load() + 1, std::memory_order_release);
    PROCESSION_STEP("return.counted");
    state_.list_op.store(kNoListOp, std::memory_order_release);
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
    const Lease lease = Lease::unpack(RecordLog::lease_word(record).load());
    RecordLog::word(pool_.memory(block)).store(state_.dead_lettered.load() + 1);
    begin_op(MemoryOp::dead_letter, at, block);
    RecordLog::lease_word(record).store(Lease{LeaseState::finished, 0, lease.deliveries}.pack(),
                                        std::memory_order_release);
    PROCESSION_STEP("dead_letter.committed");
    pool_.set(block, BlockState::dead_letter, 0);
    PROCESSION_STEP("dead_letter.kept");
    state_.dead_lettered.store(state_.op_dead_lettered.load() + 1, std::memory_order_release);
    PROCESSION_STEP("dead_letter.counted");
    complete_finish(at);
}

void Core::reject(const Ticket& ticket, std::string_view reason) {
    guarded("reject", [&] {
        const Actor me = self();
        check_lease(ticket, "reject");
        std::byte* record = nullptr;
        RecordHead head;
        require(holds(ticket, me, record, head), "a lease is not its holder's");
        std::uint32_t unit = 0;
        std::uint32_t block = 0;
        try {
            block =
                write_dead_letter(static_cast<Format>(head.format), payload_of(record, head, unit),
                                  ticket.deliveries, reason, me);
        } catch (const MemoryError&) {
            open_leases().add(ticket);  // still the caller's
            throw;
        }
        acquire(state_.memory_lock, me);
        {
            const Lock lock(state_.memory_lock);
            commit_dead_letter(Position::unpack(ticket.position), record, block);
        }
        announce_finished();
    });
}

void Core::keep_as_dead_letter(const Message& message, std::string_view reason) {
    guarded("get", [&] {
        const Actor me = self();
        const std::uint32_t block =
            write_dead_letter(message.format(), message.bytes(), 1, reason, me);
        acquire(state_.memory_lock, me);
        const Lock lock(state_.memory_lock);
        RecordLog::word(pool_.memory(block)).store(state_.dead_lettered.load() + 1);
        begin_op(MemoryOp::lost_bytes, {}, block);
        pool_.set(block, BlockState::dead_letter, 0);
        PROCESSION_STEP("dead_letter.kept");
        state_.dead_lettered.store(state_.op_dead_lettered.load() + 1, std::memory_order_release);
        PROCESSION_STEP("dead_letter.counted");
        state_.op.store(MemoryOp::none, std::memory_order_release);
    });
}

std::vector<DeadLetter> Core::dead_letters(bool take) {
    return guarded("dead_letters", [&] {
        const Actor me = self();
        std::vector<DeadLetter> letters;
        acquire(state_.memory_lock, me);
        const Lock lock(state_.memory_lock);
        pool_.each_block([&](std::uint32_t unit, const ring::Block& block) {
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
        std::sort(letters.begin(), letters.end(),
                  [](const auto& a, const auto& b) { return a.number < b.number; });
        return letters;
    });
}

std::uint64_t Core::unfinished() {
    return guarded("unfinished", [&] {
        self();
        const std::uint64_t finished = state_.finished.load();
        const std::uint64_t put = state_.tail.count.load();
        return put > finished ? put - finished : 0;
    });
}

bool Core::join(Deadline deadline) {
    return guarded("join", [&] {
        if (!joinable_) throw ValueError("join", label(), "only a JoinableQueue can be joined");
        self();
        // After an immediate shutdown nobody gets what is left; who shut down may have died before
        // it had dropped everything.
        const auto drop_if_shut_down = [&] {
            if (state_.shutdown.load() == kImmediate) drain_after_shutdown();
        };
        drop_if_shut_down();
        const auto all_finished = [&] {
            const std::uint64_t put = state_.tail.count.load();
            // Unchanged around the look at `finished`: true at that instant.
            return (state_.finished.load() >= put && state_.tail.count.load() == put) ||
                   closed_.load(std::memory_order_relaxed);
        };
        const bool in_time = join_bell_.wait(deadline, all_finished, [&] {
            nap();
            drop_if_shut_down();
        });
        check_open("join");
        return in_time;
    });
}

}  // namespace procession::queue
