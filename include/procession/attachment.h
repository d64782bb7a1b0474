// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace procession {

/// Identifies the handles of one item of a queue, which the keeper holds until the item is
/// finished. Not for users.
struct AttachmentName {
    std::string keeper;                 // the address of the keeper
    std::array<std::byte, 16> token{};  // proves that its holder has the item

    friend bool operator==(const AttachmentName&, const AttachmentName&) = default;
};

/// The deposit of an item's handles. The destructor has the keeper release them, unless the item
/// was put into a queue.
class Attachment {
  public:
    Attachment() noexcept = default;
    explicit Attachment(AttachmentName name) noexcept : name_(std::move(name)), held_(true) {}
    Attachment(Attachment&& other) noexcept
        : name_(std::move(other.name_)), held_(std::exchange(other.held_, false)) {}
    Attachment& operator=(Attachment&& other) noexcept {
        std::swap(name_, other.name_);
        std::swap(held_, other.held_);
        return *this;
    }
    Attachment(const Attachment&) = delete;
    Attachment& operator=(const Attachment&) = delete;
    ~Attachment() {
        if (held_) release();
    }

    /// Says that the item is in the queue: now its consumer has the handles released.
    void leave_to_item() noexcept { held_ = false; }

  private:
    void release() noexcept;

    AttachmentName name_;
    bool held_ = false;
};

}  // namespace procession
