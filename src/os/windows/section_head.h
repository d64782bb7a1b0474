// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <system_error>
#include <utility>

#include "os/windows/api.h"

namespace procession::os {

/// A thread that sleeps in park().
///
/// Invariants:
///   1. `owner` is 0, or names a thread's event (see park.cc); who has put it there puts 0 there,
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
};

/// As views begin at multiples of this (the allocation granularity).
inline constexpr std::uint64_t section_head_bytes = 65536;
static_assert(sizeof(SectionHead) <= section_head_bytes);

/// A view of the head alone.
class SectionHeadView {
  public:
    SectionHeadView() noexcept = default;
    SectionHeadView(SectionHeadView&& other) noexcept
        : head_(std::exchange(other.head_, nullptr)) {}
    SectionHeadView& operator=(SectionHeadView&& other) noexcept {
        std::swap(head_, other.head_);
        return *this;
    }
    SectionHeadView(const SectionHeadView&) = delete;
    SectionHeadView& operator=(const SectionHeadView&) = delete;
    ~SectionHeadView() {
        if (head_ != nullptr) ::UnmapViewOfFile(head_);
    }

    /// Of a memory file. bad_file_descriptor when it is none.
    [[nodiscard]] static std::error_code map(NativeHandle file, SectionHeadView& view) noexcept;

    [[nodiscard]] SectionHead* operator->() const noexcept { return head_; }
    [[nodiscard]] SectionHead& operator*() const noexcept { return *head_; }
    /// The view stays; end it by UnmapViewOfFile.
    [[nodiscard]] SectionHead* release() noexcept { return std::exchange(head_, nullptr); }

  private:
    SectionHead* head_ = nullptr;
};

/// Whether a view begins with memory that is there, and as a head does.
[[nodiscard]] bool begins_as_section_head(const void* view) noexcept;

}  // namespace procession::os
