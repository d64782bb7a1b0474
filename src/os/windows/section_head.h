// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <system_error>

#include "os/memory_file.h"
#include "os/windows/view.h"

namespace procession::os {

/// A thread that sleeps in park().
///
/// Invariants:
///   1. `owner` is 0, or names a thread's event (see sleepers.h); who has put it there puts 0
///   there,
///      or, when that thread's event is gone, anybody.
///   2. `word` is 0, or 1 more than the place of the word that the owner sleeps at. Who sets it
///      back to 0 is the owner, or has taken on to wake the owner.
struct Sleeper {
    std::atomic<std::uint64_t> owner;
    std::atomic<std::uint64_t> word;
};

/// What stands before the memory of a memory file, in the same section: what Linux's kernel would
/// know of a memfd. Shared by all who hold the section; its bytes are checked where they are used.
struct SectionHead {
    static constexpr std::uint64_t magic_expected = 0x4e4f495443455350;  // "PSECTION"

    std::uint64_t magic;
    std::uint64_t id[2];              // random, for ever
    std::uint64_t most;               // bytes that the section can hold behind this head
    std::atomic<std::uint64_t> size;  // of the file, which only grows
    // ByteLock: one word for each 64 bytes. 0, or who holds it, see byte_lock.cc.
    std::array<std::atomic<std::uint64_t>, 2048> locks;
    std::array<Sleeper, 1024> sleepers;

    [[nodiscard]] FileIdentity identity() const noexcept { return {id[0], id[1]}; }
};

/// As views begin at multiples of this (the allocation granularity).
inline constexpr std::uint64_t section_head_bytes = 65536;
static_assert(sizeof(SectionHead) <= section_head_bytes);

/// A view of the head alone.
class SectionHeadView {
  public:
    /// Of a memory file. bad_file_descriptor when it is none.
    [[nodiscard]] static std::error_code map(NativeHandle file, SectionHeadView& view) noexcept;

    [[nodiscard]] SectionHead* operator->() const noexcept { return view_.as<SectionHead>(); }
    [[nodiscard]] SectionHead& operator*() const noexcept { return *view_.as<SectionHead>(); }
    /// The view stays; the caller ends it by UnmapViewOfFile.
    void release() noexcept { view_.release(); }

  private:
    View view_;
};

/// Whether a view begins with memory that is there, and as a head does.
[[nodiscard]] bool begins_as_section_head(const void* view) noexcept;

}  // namespace procession::os
