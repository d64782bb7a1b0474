// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "procession/dead_letter.h"
#include "procession/detail/codec/format.h"
#include "queue/locks.h"
#include "shm/block_pool.h"

namespace procession::inline v0::detail::queue {

/// What a block of the pool holds that is a dead letter: a header, the reason and the payload.
class DeadLetters {
  public:
    /// What is put into a letter.
    struct Content {
        Format format = Format::raw;
        std::span<const std::byte> payload;
        std::uint32_t deliveries = 0;
        std::string_view reason;

        [[nodiscard]] std::uint64_t bytes_needed() const noexcept;
    };

    explicit DeadLetters(shm::BlockPool& pool) : pool_(pool) {}

    /// Fills a block that is the caller's own, of bytes_needed().
    void write(std::uint32_t block, const Content& content) noexcept;
    /// Before the block becomes a dead letter: they are shown by their numbers.
    void set_number(HoldsMemory lock, std::uint32_t block, std::uint64_t number) noexcept;
    /// All of them, by number. `take`: and frees them. Throws Corrupt.
    [[nodiscard]] std::vector<DeadLetter> read_all(HoldsMemory lock, bool take);

  private:
    [[nodiscard]] DeadLetter read(std::uint32_t unit, const shm::Block& block) const;

    shm::BlockPool& pool_;
};

}  // namespace procession::inline v0::detail::queue
