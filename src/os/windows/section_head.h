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
///   1. `owner` is 0, or names a thread's event (see sleepers.h). It is set back to 0 by the thread
///      that set it, or, when that thread's event is gone, by any thread.
///   2. `word` is 0, or 1 more than the place of the word that the owner sleeps at. It is set back
///      to 0 by the owner, or by a thread that has taken on to wake the owner.
struct Sleeper {
    std::atomic<std::uint64_t> owner;
    std::atomic<std::uint64_t> word;
};

/// The head of a memory file's section, before its memory: the facts that Linux's kernel keeps of a
/// memfd. Shared by all holders of the section; its bytes are checked where they are used.
struct SectionHead {
    static constexpr std::uint64_t magic_expected = 0x4e4f495443455350;  // "PSECTION"

    std::uint64_t magic;
    std::uint64_t id[2];              // random, for ever
    std::uint64_t most;               // bytes that the section can hold behind this head
    std::atomic<std::uint64_t> size;  // of the file, which only grows
    // ByteLock: one word for each 64 bytes. 0, or the process that holds it, see byte_lock.cc.
    std::array<std::atomic<std::uint64_t>, 2048> locks;
    std::array<Sleeper, 1024> sleepers;

    [[nodiscard]] FileIdentity identity() const noexcept { return {id[0], id[1]}; }
};

/// Views begin at multiples of this (the allocation granularity).
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

/// Whether a view begins with memory that is there, and that looks like a head.
[[nodiscard]] bool begins_as_section_head(const void* view) noexcept;

}  // namespace procession::os
