// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "death/queue/subject.h"
#include "instruction/trials.h"

namespace procession::instruction {

using Observation = SingleSteps<QueueSubject>;
using QueueTrace = Trace<QueueSubject>;

enum class Verdict : unsigned char {
    unnoticed,  // the recovery found what is possible
    noticed,
    crashed,  // the recovering process did not survive it
};

/// Lets all die at an instant that the library never makes, and says whether that is noticed.
/// `earliest` is the last true instant before it; `latest` the one whose stores it may contain.
[[nodiscard]] Verdict judge(const Image& image, const QueueTrace::Moment& earliest,
                            const QueueTrace::Moment& latest);

/// `image` with the words that differ between two others as they are in the second of those.
[[nodiscard]] Image with_changes(Image image, const Image& before, const Image& after);

}  // namespace procession::instruction
