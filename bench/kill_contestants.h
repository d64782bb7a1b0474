// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace procession::bench {

/// Its contents follow from its number, so that a torn one is known.
struct KillItem {
    std::array<std::uint64_t, 32> words{};

    [[nodiscard]] static KillItem numbered(std::uint64_t number) noexcept {
        KillItem item;
        for (std::size_t i = 0; i < item.words.size(); ++i) {
            item.words[i] = number + i * 0x9e3779b97f4a7c15U;
        }
        return item;
    }
    [[nodiscard]] std::uint64_t number() const noexcept { return words[0]; }
    [[nodiscard]] bool is_whole() const noexcept { return words == numbered(number()).words; }
};

/// POSIX message queues allow 10 unless the system is told otherwise: so all hold 10.
inline constexpr std::size_t kKillCapacity = 10;

/// A bounded queue between processes that are forked after it was made, and may be killed.
class KillContestant {
  public:
    KillContestant() = default;
    KillContestant(const KillContestant&) = delete;
    KillContestant& operator=(const KillContestant&) = delete;
    virtual ~KillContestant() = default;

    /// Both wait as long as it takes, and throw when the queue says that something is wrong.
    virtual void put(const KillItem& item) = 0;
    [[nodiscard]] virtual KillItem take() = 0;
    /// After take(), by a consumer that is done with the item.
    virtual void finish() {}
    /// Whether an item that was taken and not finished comes again.
    [[nodiscard]] virtual bool redelivers() const { return false; }
};

struct KillEntry {
    std::string name;
    std::function<std::unique_ptr<KillContestant>()> make;
};

/// JoinableQueue, Queue, Boost.Interprocess message_queue, a ring with a robust mutex, a POSIX
/// message queue; without those that this build or system lacks.
[[nodiscard]] std::vector<KillEntry> kill_contestants();

}  // namespace procession::bench
