// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace treesum {

struct FoundFile {
    std::string path;
    std::uint64_t bytes = 0;
};

/// The regular files at and below a path, named as `find PATH -type f` names them, in the order of
/// the bytes of their names: that of `sort -z` under LC_ALL=C. Symbolic links are not followed. One
/// directory after the other is read, as files are asked for.
class Walker {
  public:
    using OnProblem = std::function<void(const std::string& path, int problem)>;

    /// `on_problem` hears of each directory that cannot be read.
    Walker(const std::string& root, OnProblem on_problem);

    /// Nothing at the end.
    [[nodiscard]] std::optional<FoundFile> next();

  private:
    struct Entry {
        std::string name;  // of a directory: with a slash at its end
        std::uint64_t bytes = 0;
    };
    struct Folder {
        std::string prefix;  // ends with a slash
        std::vector<Entry> entries;
        std::size_t at = 0;
    };
    void open(const std::string& name);
    /// What stands at the root: the root itself when it is a file.
    std::optional<FoundFile> begin(const std::string& root);

    OnProblem on_problem_;
    std::optional<std::string> root_;  // until it has been looked at
    std::vector<Folder> open_;
};

/// 0, or the error that says why there is nothing at `path`.
[[nodiscard]] int problem_of(const std::string& path);

}  // namespace treesum
