// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "procession/handle.h"

// What Windows itself has to carry something from one process to another. All throw
// std::system_error when the system refuses.

namespace procession::bench {

/// Throws the last error, unless it holds.
void require(bool holds, const char* call);

/// An event that lets one waiter pass each time it is set.
[[nodiscard]] Handle new_event();
void set_event(const Handle& event);
void wait_for_event(const Handle& event);

/// Memory for several processes, zeroed.
[[nodiscard]] Handle new_section(std::size_t bytes);

/// A view of a section, which ends with this object.
class SectionView {
  public:
    SectionView(const Handle& section, std::size_t bytes);
    SectionView(const SectionView&) = delete;
    SectionView& operator=(const SectionView&) = delete;
    ~SectionView();

    /// `count` objects from byte `at` on.
    template <class T>
    [[nodiscard]] std::span<T> at(std::size_t at, std::size_t count) const {
        return {reinterpret_cast<T*>(base_ + at), count};
    }

  private:
    std::byte* base_;
};

/// Both ends of a pipe of messages that holds so many bytes.
struct MessagePipe {
    Handle reading;
    Handle writing;
};
[[nodiscard]] MessagePipe new_message_pipe(std::size_t bytes);
void write_message(const Handle& writing, std::span<const std::byte> message);
/// Returns: how many bytes of `space` one message filled.
[[nodiscard]] std::size_t read_message(const Handle& reading, std::span<std::byte> space);

/// Runs this program with that argument, and waits for its end.
void create_and_wait(const wchar_t* argument);

}  // namespace procession::bench
