// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "instruction/observation.h"

namespace procession::instruction {

/// Everything that was seen of one actor's script: each instant at which the shared memory had
/// changed, and what was possible then.
struct Trace {
    struct Moment {
        Instant instant;
        Possible possible;
        unsigned happened = 0;  // changes
    };
    std::vector<Moment> moments;
    QueueKind kind = QueueKind::joinable;
};

/// Observes the first actor of a scenario. Throws: std::runtime_error when a recovery fails.
[[nodiscard]] Trace trace_of(const Scenario& scenario);

enum class Verdict : unsigned char {
    unnoticed,  // the recovery found what is possible
    noticed,
    crashed,  // the recovering process did not survive it
};

/// Lets everybody die at an instant that the library never makes, and says whether that is noticed.
/// `earliest` is the last true instant before it; `latest` the one whose stores it may contain.
[[nodiscard]] Verdict judge(const Image& image, const Trace::Moment& earliest,
                            const Trace::Moment& latest, QueueKind kind);

/// `image` with the words that differ between two others as they are in the second of those.
[[nodiscard]] Image with_changes(Image image, const Image& before, const Image& after);

}  // namespace procession::instruction
