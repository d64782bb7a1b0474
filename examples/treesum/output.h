// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hasher.h"

namespace treesum {

/// In FileSum::problem, beside the numbers of errno: the file was given up, because workers died
/// over it too often.
inline constexpr std::int32_t kGivenUp = -1;

struct Summary {
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    double seconds = 0;
    std::uint64_t failed = 0;
    std::size_t workers = 0;
    std::string_view start_method;
    std::uint64_t kills = 0;
    std::uint64_t deaths = 0;
    std::uint64_t redelivered = 0;
};

/// "123.4 MB in 0.50 s (246.8 MB/s)"
[[nodiscard]] std::string rate_text(std::uint64_t bytes, double seconds);
[[nodiscard]] std::string problem_text(std::int32_t problem);
/// A path as it may be shown on a terminal: control characters in octal.
[[nodiscard]] std::string shown(std::string_view path);

/// What goes to stdout: the lines of sha256sum, or one JSON document.
///
/// Not through stdio: a forked worker would inherit, and print, what is in its buffer.
/// Throws: std::system_error when it cannot be written.
class Output {
  public:
    explicit Output(bool json);

    void add(const std::string& path, const FileSum& sum);
    /// For a file or directory that could not be read; text output has no word for it.
    void add_problem(const std::string& path, std::int32_t problem);
    void end(const Summary& summary);

    [[nodiscard]] bool is_worth_writing() const;
    void write();

  private:
    void begin_entry(std::string_view path);

    const bool json_;
    bool first_ = true;
    std::string waiting_;
};

}  // namespace treesum
