// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <system_error>

#include "os/memory_file.h"
#include "procession/error.h"
#include "shm/backing.h"
#include "shm/segment.h"

namespace procession::inline v0::detail::shm {

/// The memory file of a segment, as what lies behind a pool.
class SegmentBacking final : public Backing {
  public:
    explicit SegmentBacking(Segment& segment) : segment_(segment) {}

    /// Throws: OSError.
    [[nodiscard]] std::uint32_t units_there() const override {
        std::uint64_t units = 0;
        if (const std::error_code failed = segment_.allocated_units(units)) {
            throw OSError(failed, "use", segment_.name(),
                          "the kernel does not tell how much memory there is");
        }
        return static_cast<std::uint32_t>(std::min<std::uint64_t>(units, segment_.units_max()));
    }
    [[nodiscard]] std::error_code grow(std::uint32_t from, std::uint32_t to) noexcept override {
        return segment_.allocate_units(from, to);
    }
    [[nodiscard]] std::error_code commit(std::uint32_t from, std::uint32_t to) noexcept override {
        return segment_.commit_units(from, to);
    }
    void decommit(std::uint32_t from, std::uint32_t to) noexcept override {
        segment_.decommit_units(from, to);
    }
    [[nodiscard]] bool can_decommit() const noexcept override { return os::can_decommit(); }

  private:
    Segment& segment_;
};

}  // namespace procession::inline v0::detail::shm
