// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "os/handle.h"
#include "procession/attachment.h"

namespace procession::handoff {

/// Client side of the keeper (keeper.h), which is started on first use.
///
/// Threads: any.   Fork: the child has connections of its own.

/// Leaves the handles for the process that gets the item (of the queue `carrier`) or the message
/// (sent from that end of a stream) that names them.
/// Throws:  SharingError when no keeper can be had, or it does not answer; OSError when it, or this
///          process, cannot hold any more handles.
[[nodiscard]] AttachmentName deposit(const os::Handle& carrier,
                                     std::span<const os::NativeHandle> handles);
/// Throws:  SharingError when the keeper is gone or does not know the name: the handles cannot be
///          had any more; OSError when this process cannot have or hold them now, or here, but
///          another one might.
[[nodiscard]] std::vector<os::Handle> fetch(const AttachmentName& name);
/// The same, and lets go of the deposit.
[[nodiscard]] std::vector<os::Handle> take(const AttachmentName& name);
void release(const AttachmentName& name) noexcept;

/// Handles that wait for any number of receivers, while the process that left them stands by them.
/// Once it has let go, they stay as long as a process takes part in the carrier, and a second or
/// two longer for receivers on their way.
///
/// Move-only.   Threads: one at a time.   Fork: the child stands by nothing of its parent's.
class StandingDeposit {
  public:
    /// None.
    StandingDeposit() = default;
    /// Throws: as deposit().
    StandingDeposit(const os::Handle& carrier, std::span<const os::NativeHandle> handles);
    StandingDeposit(StandingDeposit&& other) noexcept
        : name_(std::move(other.name_)), line_(std::exchange(other.line_, 0)) {}
    StandingDeposit& operator=(StandingDeposit&& other) noexcept {
        std::swap(name_, other.name_);
        std::swap(line_, other.line_);
        return *this;
    }
    StandingDeposit(const StandingDeposit&) = delete;
    StandingDeposit& operator=(const StandingDeposit&) = delete;
    ~StandingDeposit();

    /// Whether this process stands by it, and the keeper has not ended.
    [[nodiscard]] bool stands() const noexcept;
    [[nodiscard]] const AttachmentName& name() const noexcept { return name_; }

  private:
    AttachmentName name_;
    std::uint64_t line_ = 0;  // to the keeper, for this deposit alone; 0: none
};

/// The keeper of the family, as children are told; empty while there is none.
[[nodiscard]] std::string keeper_of_family();
/// The door to it, which children are given (keeper_protocol.h). The handle stays this process's;
/// no_handle where there is none.
[[nodiscard]] os::NativeHandle door_of_family();
void join_family(std::string keeper, os::Handle door);
/// Ends all connections of this process to keepers. The next use makes new ones.
void forget_keepers() noexcept;
/// The same, forgets the keeper of the family and, if this process has started it, waits until it
/// has ended; it ends when no other process uses it. For tests, which leave no process behind.
void end_keeper() noexcept;

/// Before this process ends, when it has left its queues. A keeper that it has started, and that
/// ends with it because no other process needs it, is waited for, for three seconds at most, and
/// collected: where the process with id 1 collects no orphans (a container without an init), it
/// would stay as a zombie. Happens by itself at exit().
void leave_keeper_at_end() noexcept;

}  // namespace procession::handoff
