// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <utility>

namespace procession {

/// Names the handles of one item of a queue, which wait at the keeper until the item is done with.
/// Not for users.
struct AttachmentName {
    std::string keeper;                 // where it listens
    std::array<std::byte, 16> token{};  // says that the bearer has the item

    friend bool operator==(const AttachmentName&, const AttachmentName&) = default;
};

/// Has the keeper let go of the handles unless the item was put.
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

    /// The item is in the queue: its consumer lets go.
    void leave_to_item() noexcept { held_ = false; }

  private:
    void release() noexcept;

    AttachmentName name_;
    bool held_ = false;
};

}  // namespace procession
