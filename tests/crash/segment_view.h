// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "os/byte_lock.h"
#include "os/handle.h"
#include "os/mapping.h"
#include "procession/byte_queue.h"
#include "queue/state.h"
#include "shm/layout.h"

namespace procession::testing {

/// The shared memory of a queue from outside: to look at it, and to go back to an earlier instant.
///
/// All references in a segment are offsets, and who is alive is told by the kernel. So what a death
/// has left behind can be put back as often as one likes, to let another process die at another
/// step of mending it, without the first death happening again.
class SegmentView {
  public:
    explicit SegmentView(const ByteQueue& queue);

    using Snapshot = std::vector<std::byte>;
    void save(Snapshot& snapshot) const;
    /// Nobody but the caller takes part now, and it holds no lease.
    void restore(const Snapshot& snapshot) const;

    [[nodiscard]] queue::State& state() const {
        return *reinterpret_cast<queue::State*>(at(shm::kObjectOffset));
    }
    [[nodiscard]] shm::SegmentHeader& header() const {
        return *reinterpret_cast<shm::SegmentHeader*>(at(0));
    }
    [[nodiscard]] const os::Handle& file() const { return file_; }

    /// Live participants take all slots from `first` on, as long as this object lives.
    void fill_slots_from(std::uint32_t first);

  private:
    struct Range {
        std::uint64_t from = 0;
        std::uint64_t bytes = 0;
    };
    [[nodiscard]] std::byte* at(std::uint64_t offset) const { return mapping_.base() + offset; }
    /// What the units below `end` take.
    [[nodiscard]] std::vector<Range> ranges(std::uint32_t end) const;

    os::Handle file_;
    os::Mapping mapping_;
#ifdef _WIN32
    std::vector<os::ByteLock> crowd_;
#else
    os::Handle crowd_;
#endif
};

}  // namespace procession::testing
