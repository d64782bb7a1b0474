// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <filesystem>

namespace procession::bench {

/// A folder of files in $TMPDIR, gone with this object: 100 files of 4 to 16 KiB to a folder, with
/// contents that are the same in every run.
class Tree {
  public:
    /// Throws: std::system_error
    explicit Tree(std::size_t files);
    Tree(const Tree&) = delete;
    Tree& operator=(const Tree&) = delete;
    ~Tree();

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] std::size_t files() const { return files_; }
    [[nodiscard]] double bytes() const { return bytes_; }

  private:
    std::filesystem::path root_;
    std::size_t files_;
    double bytes_ = 0;
};

}  // namespace procession::bench
