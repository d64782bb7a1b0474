// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "os/handle.h"
#include "os/mapping.h"
#include "procession/codec.h"
#include "queue/state.h"
#include "transfer/send_context.h"

namespace procession::testing {

using namespace detail;

/// The shared memory of a queue, mapped once more, for tests that write into it what no participant
/// does. As long as the file was when it was made.
class SegmentBytes {
  public:
    template <class Queue>
    explicit SegmentBytes(const Queue& queue) {
        // The message of a child that never starts: it names the file.
        const transfer::SendContext spawning;
        Writer writer;
        encode(writer, queue);
        map(spawning.handles().at(0));
    }

    [[nodiscard]] std::span<std::byte> all() const { return {mapping_.base(), bytes_}; }
    [[nodiscard]] shm::SegmentHeader& header() const {
        return *reinterpret_cast<shm::SegmentHeader*>(mapping_.base());
    }
    [[nodiscard]] queue::State& state() const {
        return *reinterpret_cast<queue::State*>(mapping_.base() + shm::kObjectOffset);
    }
    [[nodiscard]] shm::ParticipantSlot& participant(std::uint32_t slot) const {
        return reinterpret_cast<shm::ParticipantSlot*>(mapping_.base() +
                                                       shm::kRegistryOffset)[slot];
    }
    [[nodiscard]] std::atomic<std::uint64_t>& table(std::uint32_t unit) const {
        return reinterpret_cast<std::atomic<std::uint64_t>*>(mapping_.base() +
                                                             shm::kTableOffset)[unit];
    }
    [[nodiscard]] std::byte* memory(std::uint32_t unit) const {
        return mapping_.base() + header().data_offset + std::uint64_t{unit} * shm::kUnitBytes;
    }
    /// Where a position word leads.
    [[nodiscard]] std::byte* record(std::uint64_t position) const {
        const auto at = queue::Position::unpack(position);
        return memory(at.chunk) + at.offset;
    }
    [[nodiscard]] std::uint32_t units_max() const {
        return static_cast<std::uint32_t>(header().units_max);
    }
    /// Units that the file has.
    [[nodiscard]] std::uint32_t units() const {
        return static_cast<std::uint32_t>((bytes_ - header().data_offset) / shm::kUnitBytes);
    }

  private:
    void map(os::NativeHandle file);

    os::Mapping mapping_;
    std::uint64_t bytes_ = 0;
};

}  // namespace procession::testing
