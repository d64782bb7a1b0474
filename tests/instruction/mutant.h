// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "death/queue/subject.h"
#include "death/single_steps.h"

namespace procession::instruction {

using namespace death;
using Observation = SingleSteps<QueueSubject>;

/// Everything that was seen of one actor's script: each instant at which the shared memory had
/// changed, and what was possible then.
struct Trace {
    struct Moment {
        Image image;
        Possible<QueueModel> possible;
        unsigned happened = 0;  // changes
    };
    std::vector<Moment> moments;
};

/// Observes the first actor of a scenario. Throws: std::runtime_error when a recovery fails.
[[nodiscard]] Trace trace_of(const QueueScenario& scenario);

enum class Verdict : unsigned char {
    unnoticed,  // the recovery found what is possible
    noticed,
    crashed,  // the recovering process did not survive it
};

/// Lets everybody die at an instant that the library never makes, and says whether that is noticed.
/// `earliest` is the last true instant before it; `latest` the one whose stores it may contain.
[[nodiscard]] Verdict judge(const Image& image, const Trace::Moment& earliest,
                            const Trace::Moment& latest);

/// `image` with the words that differ between two others as they are in the second of those.
[[nodiscard]] Image with_changes(Image image, const Image& before, const Image& after);

}  // namespace procession::instruction
