// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "contestant.h"
#include "os/futex.h"
#include "team.h"

namespace procession::bench {

using namespace detail;

inline constexpr const char* kSpinThenFutexName = "spin 5 us, futex (limit)";

/// One message in a shared word, whose receiver polls for a while and then sleeps in the kernel:
/// what there is below every queue. A receiver that is not asleep is not woken.
class SharedWord : public Contestant {
  public:
    static constexpr std::chrono::nanoseconds kForEver = std::chrono::nanoseconds::max();

    SharedWord(const char* name, std::chrono::nanoseconds polling)
        : name_(name), polling_(polling), word_(1) {}

    [[nodiscard]] std::string name() const override { return name_; }
    void put(std::uint64_t number) override {
        const auto value = static_cast<std::uint32_t>(number) + kFirstValue;
        if (word_[0].exchange(value) == kAsleep) os::futex_wake(word_[0], 1);
    }
    std::uint64_t take() override {
        std::uint32_t seen = polled();
        while (seen < kFirstValue) {
            std::uint32_t nothing = kNothing;
            word_[0].compare_exchange_strong(nothing, kAsleep);
            os::futex_wait(word_[0], kAsleep, std::chrono::seconds(1));
            seen = word_[0].load();
        }
        word_[0].store(kNothing);
        return seen;
    }

  private:
    enum : std::uint32_t { kNothing = 0, kAsleep = 1, kFirstValue = 2 };

    [[nodiscard]] std::uint32_t polled() const {
        using Clock = std::chrono::steady_clock;
        constexpr int kPollsPerLook = 16;  // looking at the clock takes as long as some polls
        const auto begin = Clock::now();
        do {
            for (int i = 0; i < kPollsPerLook; ++i) {
                const std::uint32_t seen = word_[0].load();
                if (seen >= kFirstValue || polling_.count() == 0) return seen;
                os::pause();
            }
        } while (Clock::now() - begin < polling_);
        return word_[0].load();
    }

    const char* name_;
    std::chrono::nanoseconds polling_;
    SharedArray<std::atomic<std::uint32_t>> word_;
};

}  // namespace procession::bench
