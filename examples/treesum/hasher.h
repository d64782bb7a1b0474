// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <string>

namespace treesum {

/// Large files are hashed in steps of so many bytes; after each, what has been reached is reported.
inline constexpr std::uint64_t kStepBytes = std::uint64_t{1} << 20;

using Digest = std::array<std::uint8_t, 32>;

/// What tells that a file is still the one that a checkpoint was made of.
struct FileStamp {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::uint64_t bytes = 0;
    std::int64_t changed_ns = 0;
    friend bool operator==(const FileStamp&, const FileStamp&) = default;
};

/// A SHA-256 half done: the file from here on can be hashed by another process.
struct Checkpoint {
    FileStamp stamp;
    std::uint64_t offset = 0;  // a multiple of kStepBytes
    std::array<std::uint32_t, 8> state{};
};

/// One file: its digest, or the error that prevented it.
struct FileSum {
    Digest digest{};
    std::uint64_t bytes = 0;   // hashed
    std::int32_t problem = 0;  // errno; 0 when there is a digest
};

/// Hashes a regular file to its end, as sha256sum does: a file that grows or shrinks meanwhile is
/// no error. Begins at `from` if the file is still the same. Calls `reached` after each whole step.
[[nodiscard]] FileSum hash_file(const std::string& path, const Checkpoint& from,
                                const std::function<void(const Checkpoint&)>& reached);

}  // namespace treesum
