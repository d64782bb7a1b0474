// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "contestants.h"
#include "placement.h"

namespace procession::bench {

/// One case of the throughput benchmark.
struct ThroughputWork {
    Case which;
    Placement placement = Placement::free;
    bool is_quick = false;     // part of --quick, too
    bool is_in_place = false;  // by make_in_place() instead of make_ours() and peers

    /// "64 B 1x1 a cpu each", "64 B 1x1 batch 64 a cpu each"
    [[nodiscard]] std::string name() const;
    /// "1x1 batch 64"
    [[nodiscard]] std::string processes() const;
};

[[nodiscard]] std::vector<ThroughputWork> all_throughput_work();

}  // namespace procession::bench
