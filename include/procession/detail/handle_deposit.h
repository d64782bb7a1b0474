// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "procession/export.h"

namespace procession::inline v0 {

/// Identifies the handles of one item of a queue, which the broker holds until the item is
/// finished. Not for users.
struct DepositKey {
    std::string broker;                 // the address of the broker
    std::array<std::byte, 16> token{};  // proves that its holder has the item

    friend bool operator==(const DepositKey&, const DepositKey&) = default;
};

/// The deposit of an item's handles. The destructor has the broker release them, unless the item
/// was put into a queue.
class PROCESSION_EXPORT HandleDeposit {
  public:
    HandleDeposit() noexcept = default;
    explicit HandleDeposit(DepositKey name) noexcept : name_(std::move(name)), held_(true) {}
    HandleDeposit(HandleDeposit&& other) noexcept
        : name_(std::move(other.name_)), held_(std::exchange(other.held_, false)) {}
    HandleDeposit& operator=(HandleDeposit&& other) noexcept {
        std::swap(name_, other.name_);
        std::swap(held_, other.held_);
        return *this;
    }
    HandleDeposit(const HandleDeposit&) = delete;
    HandleDeposit& operator=(const HandleDeposit&) = delete;
    ~HandleDeposit() {
        if (held_) release();
    }

    /// Called when the item is in the queue: from now on the item's consumer releases the handles.
    void leave_to_item() noexcept { held_ = false; }

  private:
    void release() noexcept;

    DepositKey name_;
    bool held_ = false;
};

}  // namespace procession::inline v0
