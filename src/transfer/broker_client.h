// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "os/handle.h"
#include "procession/detail/handle_deposit.h"

namespace procession::inline v0::detail::transfer {

/// Client side of the broker (broker.h), which is started on first use.
///
/// Threads: any.   Fork: the child has connections of its own.

/// Leaves the handles for the process that gets the item (of the queue `carrier`) or the message
/// (sent from that end of a stream) that names them.
/// Throws:  SharingError when no broker can be had, or it does not answer; OSError when it, or this
///          process, cannot hold any more handles.
[[nodiscard]] DepositKey deposit(const os::Handle& carrier,
                                 std::span<const os::NativeHandle> handles);
/// Throws:  SharingError when the broker is gone or does not know the key: the handles cannot be
///          had any more; OSError when this process cannot have or hold them now, or here, but
///          another one might.
[[nodiscard]] std::vector<os::Handle> fetch(const DepositKey& key);
/// The same, and releases the deposit.
[[nodiscard]] std::vector<os::Handle> take(const DepositKey& key);
void release(const DepositKey& key) noexcept;

/// Handles that wait for any number of receivers while this object lives. After that they stay as
/// long as a process takes part in the carrier, and a second or two longer for receivers on their
/// way.
///
/// Move-only.   Threads: one at a time.   Fork: the child's copy keeps nothing.
class StandingDeposit {
  public:
    /// None.
    StandingDeposit() = default;
    /// Throws: as deposit().
    StandingDeposit(const os::Handle& carrier, std::span<const os::NativeHandle> handles);
    StandingDeposit(StandingDeposit&& other) noexcept
        : key_(std::move(other.key_)), connection_(std::exchange(other.connection_, 0)) {}
    StandingDeposit& operator=(StandingDeposit&& other) noexcept {
        std::swap(key_, other.key_);
        std::swap(connection_, other.connection_);
        return *this;
    }
    StandingDeposit(const StandingDeposit&) = delete;
    StandingDeposit& operator=(const StandingDeposit&) = delete;
    ~StandingDeposit();

    /// Whether there is a deposit of this process, and its broker has not ended.
    [[nodiscard]] bool stands() const noexcept;
    [[nodiscard]] const DepositKey& key() const noexcept { return key_; }

  private:
    DepositKey key_;
    std::uint64_t connection_ = 0;  // the number of one for this deposit alone; 0: none
};

/// The name of the family's broker, which children are given; empty while there is none.
[[nodiscard]] std::string broker_of_family();
/// The door to it, which children are given (broker_protocol.h). The handle stays this process's;
/// no_handle where there is none.
[[nodiscard]] os::NativeHandle door_of_family();
void join_family(std::string broker, os::Handle door);
/// Ends all connections of this process to brokers. The next use makes new ones.
void forget_brokers() noexcept;
/// The same, forgets the broker of the family and, if this process has started it, waits until it
/// has ended; it ends when no other process uses it. For tests, which leave no process behind.
void end_broker() noexcept;

/// Before this process ends, when it has left its queues. A broker that it has started, and that
/// ends with it because no other process needs it, is waited for, for three seconds at most, and
/// collected: where the process with id 1 collects no orphans (a container without an init), it
/// would stay as a zombie. Happens by itself at exit().
void leave_broker_at_end() noexcept;

}  // namespace procession::inline v0::detail::transfer
