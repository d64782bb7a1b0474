// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "death/queue/act.h"
#include "death/queue/model.h"
#include "death/segment_view.h"
#include "procession/queue_options.h"

namespace procession::death {

struct QueueSetup {
    bool joinable = true;
    std::size_t maxsize = 0;
    std::size_t max_bytes = 0;
    std::uint32_t max_deliveries = 16;
    std::uint64_t memory_limit = std::uint64_t{4} << 20;
    // Before everything: the log is brought so many bytes before a chunk's end (0: left at the
    // beginning), after so many chunks have been used up and are there to be used again.
    std::uint32_t bytes_left = 0;
    unsigned chunks_used = 0;
};

[[nodiscard]] QueueOptions options_of(const QueueSetup& setup);
[[nodiscard]] QueueModel model_of(const QueueSetup& setup, bool crowded = false);
/// What brings the log to where the setup wants it: each script in turn, until there is none.
[[nodiscard]] QueueScript filling_of(const QueueSetup& setup, const SegmentView& view,
                                     unsigned& chunks_used);

}  // namespace procession::death
