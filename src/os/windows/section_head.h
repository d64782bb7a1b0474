// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <system_error>

#include "os/memory_file.h"
#include "os/windows/view.h"

namespace procession::inline v0::detail::os {

/// A thread that sleeps in futex_wait().
///
/// Invariants:
///   1. `owner` is 0, or the key of a thread's event (see sleepers.h). It is reset to 0 by the
///   thread
///      that set it, or, when that thread is dead, by any thread.
///   2. `word` is 0, or 1 plus the offset in the section of the word that the owner waits for. It
///   is
///      reset to 0 by the owner, or by a thread that is about to wake the owner.
struct Sleeper {
    std::atomic<std::uint64_t> owner;
    std::atomic<std::uint64_t> word;
};

/// The head of a memory file's section, in front of its memory. It contains what the Linux kernel
/// keeps about a memfd. All holders of the section can write it, so its values are checked at use.
struct SectionHead {
    static constexpr std::uint64_t magic_expected = 0x4e4f495443455350;  // "PSECTION"

    std::uint64_t magic;
    std::uint64_t id[2];              // random, never changes
    std::uint64_t most;               // the maximal size of the file
    std::atomic<std::uint64_t> size;  // of the file, only grows
    // ByteLock: one word for each 64 bytes; 0, or the identity of the owner (process_identity.h).
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
    /// Returns: bad_file_descriptor when `file` is not a memory file.
    [[nodiscard]] static std::error_code map(NativeHandle file, SectionHeadView& view) noexcept;

    [[nodiscard]] SectionHead* operator->() const noexcept { return view_.as<SectionHead>(); }
    [[nodiscard]] SectionHead& operator*() const noexcept { return *view_.as<SectionHead>(); }
    /// Keeps the view mapped; the caller must unmap it.
    void release() noexcept { view_.release(); }

  private:
    View view_;
};

/// Whether a view begins with committed memory that contains a head.
[[nodiscard]] bool begins_as_section_head(const void* view) noexcept;

}  // namespace procession::inline v0::detail::os
