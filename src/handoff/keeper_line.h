// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <mutex>
#include <span>
#include <system_error>
#include <utility>
#include <vector>

#include "handoff/keeper_protocol.h"
#include "os/handle.h"
#include "os/wait.h"
#include "procession/deadline.h"

namespace procession::handoff {

inline constexpr std::chrono::seconds kPatience{10};  // with a keeper that is stopped

/// One conversation with one keeper.
///
/// Threads: one at a time, which holds lock().
class Line {
  public:
    explicit Line(os::Handle channel) : channel_(std::move(channel)) {}

    [[nodiscard]] std::mutex& lock() noexcept { return lock_; }
    [[nodiscard]] bool is_dead() const noexcept { return !channel_.valid(); }
    void hang_up() noexcept { channel_.reset(); }
    /// For a line on which no request is made any more: anything that can be heard is its end.
    [[nodiscard]] bool is_at_its_end() const noexcept {
        return is_dead() || os::wait_readable(channel_.get(), Deadline::now());
    }

    /// Throws: PeerGone; OSError when the keeper does not answer; TimeoutError when too many
    /// handles
    ///         are under way (os/channel.h).
    void say(const Request& request, std::span<const os::NativeHandle> handles = {});
    /// The same for a request that may be lost: one attempt, without waiting. Returns: whether it
    /// was sent.
    [[nodiscard]] bool say_at_once(const Request& request,
                                   std::span<const os::NativeHandle> handles) noexcept;
    /// Adds what came along to `handles`.
    /// Throws: PeerGone; OSError; SharingError for nonsense.
    Reply hear(std::vector<os::Handle>& handles, Deadline deadline = kPatience);

  private:
    [[noreturn]] void fail_too_many();
    [[noreturn]] void fail_silent();
    [[noreturn]] void fail(std::error_code problem);

    std::mutex lock_;
    os::Handle channel_;
};

}  // namespace procession::handoff
