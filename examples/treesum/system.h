// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hasher.h"

// What treesum wants of the system; system_posix.cpp or system_windows.cpp gives it. Paths are
// UTF-8 on Windows, bytes elsewhere, with '/' between folders. Problems are errno's numbers; 0 is
// none.

namespace treesum {

enum class Kind : std::uint8_t { file, directory, other };

/// What stands at a path; symbolic links are not followed.
struct Seen {
    Kind kind = Kind::other;
    std::uint64_t bytes = 0;
};
[[nodiscard]] int look_at(const std::string& path, Seen& seen);

struct Named {
    std::string name;
    Seen seen;
};
/// What is in a directory, in no order, without "." and "..". What has been read is there also when
/// a problem ends it.
[[nodiscard]] int list_directory(const std::string& path, std::vector<Named>& entries);

/// A regular file that is read from its start.
class InputFile {
  public:
    InputFile() = default;
    InputFile(const InputFile&) = delete;
    InputFile& operator=(const InputFile&) = delete;
    ~InputFile();

    /// A problem also for what is no regular file.
    [[nodiscard]] int open(const std::string& path, FileStamp& stamp);
    [[nodiscard]] bool go_to(std::uint64_t offset);
    /// Fewer bytes than asked for only at the end of the file.
    [[nodiscard]] int read(std::byte* to, std::size_t bytes, std::size_t& got);

  private:
    std::intptr_t handle_ = -1;
};

/// Throws: std::system_error.
void write_to_stdout(std::string_view text);

[[nodiscard]] bool is_stderr_a_terminal();
/// Of stderr's terminal; 0 when it is not known.
[[nodiscard]] std::size_t terminal_columns();

/// Lets this process have so many files open, if the system allows it.
void allow_open_files(std::size_t needed);

/// Calls `act` with 2 for an interruption from the terminal, 15 for a request to end. Once: the
/// second one ends the program.
void listen_to_signals(void (*act)(int));
/// For workers: the parent decides what an interruption means.
void ignore_interruptions();

/// The arguments of main as UTF-8.
[[nodiscard]] std::vector<std::string> arguments_of(int argc, char** argv);

}  // namespace treesum
