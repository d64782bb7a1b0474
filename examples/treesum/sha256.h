// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace treesum {

/// SHA-256 that can be handed on half done, which few libraries allow: OpenSSL's older functions
/// (sha256_openssl.cpp), and where there is no OpenSSL, our own (sha256_own.cpp).
class Sha256 {
  public:
    static constexpr std::size_t block_bytes = 64;
    using State = std::array<std::uint32_t, 8>;

    Sha256();
    /// Goes on after `offset` bytes, a multiple of a block.
    Sha256(const State& state, std::uint64_t offset);

    void update(const std::byte* bytes, std::size_t count);
    /// Valid after a whole number of blocks.
    [[nodiscard]] State state() const;
    [[nodiscard]] std::array<std::uint8_t, 32> finish();

  private:
    // Of the implementation; OpenSSL's is SHA256_CTX.
    struct alignas(8) {
        std::array<std::uint32_t, 8> state;
        std::uint64_t bytes;
        std::array<std::uint8_t, 112> rest;
    } inside_;
};

}  // namespace treesum
