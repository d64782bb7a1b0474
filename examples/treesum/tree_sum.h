// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <procession/procession.h>

#include <cstdint>
#include <string>
#include <vector>

#include "hasher.h"

namespace treesum {

namespace mp = procession;

/// Some small files, or one large one.
struct Task {
    std::uint64_t number = 0;   // in the order of the output
    std::uint32_t attempt = 0;  // counts how often a large file was handed on half done
    bool is_large = false;
    Checkpoint from;
    std::vector<std::string> paths;
};

/// What a worker has to say about one task. A worker may be killed after it has put a result and
/// before it has said done(): then the same comes again from another one, and the parent knows it
/// by its number and attempt.
struct Result {
    enum class Kind : std::uint8_t {
        finished,   // `sums` holds one entry per path
        reached,    // `checkpoint` is how far the large file is
        hand_over,  // a worker died over this large file: the parent knows how far it was
    };
    Kind kind = Kind::finished;
    std::uint64_t number = 0;
    std::uint32_t attempt = 0;
    Checkpoint checkpoint;
    std::vector<FileSum> sums;
};

/// Holds the queues; each worker gets them because it gets *this.
struct TreeSum {
    mp::JoinableQueue<Task> tasks;
    mp::JoinableQueue<Result> results;

    void operator()();  // what each worker runs
};

}  // namespace treesum
