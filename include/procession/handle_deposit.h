// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace procession {

/// Names the handles of one item of a queue, which wait at the broker until the item is done with.
/// Not for users.
struct DepositKey {
    std::string broker;                 // where it listens
    std::array<std::byte, 16> token{};  // says that the bearer has the item

    friend bool operator==(const DepositKey&, const DepositKey&) = default;
};

/// Has the broker let go of the handles unless the item was put.
class HandleDeposit {
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

    /// Says that the item is in the queue: now its consumer has the handles released.
    void leave_to_item() noexcept { held_ = false; }

  private:
    void release() noexcept;

    DepositKey name_;
    bool held_ = false;
};

}  // namespace procession
