// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "contestant.h"

namespace procession::bench {

using Contestants = std::vector<std::unique_ptr<Contestant>>;

/// What the contestants of one case have in common.
struct Case {
    std::size_t bytes = 8;
    std::size_t members = 1;  // producers, and as many consumers
    std::size_t batch = 1;    // items put, and taken, by one call where there is such a call
    /// Items that may wait, for all that let one say so; see docs/benchmarks.md for the others.
    std::size_t capacity = 1024;
};

/// Queue<T> and JoinableQueue<T>, T an array of `bytes`, which is one of kItemSizes; large ones
/// also untyped, as ByteQueue.
[[nodiscard]] Contestants make_ours(const Case& which);
/// Ours where items lie in the queue's own memory, and nothing is copied: of their contents only
/// the first word counts for the checksum, as if an item had 8 bytes.
[[nodiscard]] Contestants make_in_place(const Case& which);
/// All of peers/peers.h that can take part in this case.
[[nodiscard]] Contestants make_peers(const Case& which);
/// The limit for large items: each is copied into one of four blocks, and out again.
[[nodiscard]] std::unique_ptr<Contestant> make_copy_limit(const Case& which);

}  // namespace procession::bench
