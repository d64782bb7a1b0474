// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "hasher.h"

#include <memory>

#include "sha256.h"
#include "system.h"

namespace treesum {

namespace {

constexpr std::size_t kReadBytes = std::size_t{256} << 10;
static_assert(kStepBytes % kReadBytes == 0, "steps end where a read may end");
static_assert(kStepBytes % Sha256::block_bytes == 0, "no part of a block is left at a checkpoint");

}  // namespace

FileSum hash_file(const std::string& path, const Checkpoint& from,
                  const std::function<void(const Checkpoint&)>& reached) {
    static const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kReadBytes);
    FileSum sum;
    InputFile file;
    Checkpoint at;
    sum.problem = file.open(path, at.stamp);
    if (sum.problem != 0) return sum;
    Sha256 hash;
    if (from.offset != 0 && from.stamp == at.stamp && file.go_to(from.offset)) {
        at = from;
        hash = Sha256(from.state, from.offset);
    }
    std::size_t got = kReadBytes;
    while (got == kReadBytes) {
        sum.problem = file.read(buffer.get(), kReadBytes, got);
        if (sum.problem != 0) return sum;
        hash.update(buffer.get(), got);
        at.offset += got;
        if (got == kReadBytes && at.offset % kStepBytes == 0) {
            at.state = hash.state();
            reached(at);
        }
    }
    sum.digest = hash.finish();
    sum.bytes = at.offset;
    return sum;
}

}  // namespace treesum
