// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace procession::bench {

/// Which items a producer puts: `count` of them, numbered first, first + step, ...
struct Share {
    std::uint64_t first = 0;
    std::uint64_t step = 1;
    std::uint64_t count = 0;
};

/// A queue of items of one size between processes that were forked after it was made: ours or a
/// peer's. The contents of an item follow from its number, and a consumer returns their checksum.
class Contestant {
  public:
    Contestant() = default;
    Contestant(const Contestant&) = delete;
    Contestant& operator=(const Contestant&) = delete;
    virtual ~Contestant() = default;

    [[nodiscard]] virtual std::string name() const = 0;
    /// In each process, before the measurement begins.
    virtual void prepare() {}
    virtual void put(std::uint64_t number) = 0;
    /// Takes one item. Returns its checksum.
    virtual std::uint64_t take() = 0;

    virtual void produce(const Share& share) {
        for (std::uint64_t i = 0; i < share.count; ++i) put(share.first + i * share.step);
    }
    /// Takes `count` items. Returns the sum of their checksums.
    virtual std::uint64_t consume(std::uint64_t count) {
        std::uint64_t sum = 0;
        for (std::uint64_t i = 0; i < count; ++i) sum += take();
        return sum;
    }
};

using Contestants = std::vector<std::unique_ptr<Contestant>>;

/// What the contestants of one case have in common.
struct Case {
    std::size_t bytes = 8;
    std::size_t members = 1;      // producers, and as many consumers
    std::size_t batch = 1;        // items put, and taken, by one call where there is such a call
    bool pinned = false;          // producer and consumer stay on a cpu each
    std::size_t capacity = 1024;  // items that may wait, for all but the pipe
};

/// Queue<T> and JoinableQueue<T>, T an array of `bytes`; from 1 MiB also untyped.
/// `bytes` is one of 8, 64, 1024, 1 MiB.
[[nodiscard]] Contestants make_ours(const Case& which);
/// boost::interprocess::message_queue, a pipe. Without Boost only the pipe.
[[nodiscard]] Contestants make_peers(const Case& which);
/// A sentence about peers that this build lacks, or nothing.
[[nodiscard]] std::string missing_peers();
inline constexpr const char* kBoostName = "Boost message_queue";
inline constexpr const char* kPipeName = "pipe";

// ---- contents ----------------------------------------------------------------------------------

/// Which words of an item carry its contents: all up to 64 bytes, then a sample, so that copying
/// the item is measured and not the writing of it; one in every page of a large one.
[[nodiscard]] constexpr std::size_t stride_of(std::size_t words) noexcept {
    if (words <= 8) return 1;
    return words <= 512 ? 16 : 512;
}
inline void fill(std::span<std::uint64_t> words, std::uint64_t number) noexcept {
    const std::uint64_t seed = number * 0x9e3779b97f4a7c15U;
    const std::size_t stride = stride_of(words.size());
    for (std::size_t i = 0; i < words.size(); i += stride) words[i] = seed + i;
}
[[nodiscard]] inline std::uint64_t checksum(std::span<const std::uint64_t> words) noexcept {
    std::uint64_t sum = 0;
    const std::size_t stride = stride_of(words.size());
    for (std::size_t i = 0; i < words.size(); i += stride) sum += words[i] * (i + 1);
    return sum;
}
/// The sum of the checksums of the items 0 to count - 1.
[[nodiscard]] std::uint64_t expected_checksum(std::size_t bytes, std::uint64_t count);

}  // namespace procession::bench
