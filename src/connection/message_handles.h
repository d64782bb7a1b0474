// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "os/stream.h"
#include "procession/detail/handle_deposit.h"
#include "transfer/send_context.h"

namespace procession::inline v0::detail::connection {

class SharedEnd;

/// The handles of a message that is about to be sent. If streams do not carry handles, they are
/// deposited with the broker until the message is received, and the message carries the deposit
/// key.
class MessageHandles {
  public:
    /// Throws: SharingError, OSError when the broker does not take them.
    MessageHandles(const SharedEnd& end, const transfer::SendContext& context);

    [[nodiscard]] os::AncillaryData ancillary() const noexcept { return {handles_, deposit_key_}; }
    /// Says that the message was sent, so that its receiver takes the handles. Without this call
    /// the destructor releases the deposit.
    void mark_sent() noexcept { deposit_.leave_to_item(); }

  private:
    std::vector<os::NativeHandle> handles_;
    std::vector<std::byte> deposit_key_;
    HandleDeposit deposit_;
};

/// Takes the handles of a received message.
/// Throws: SharingError when they are no longer available; DecodeError for a malformed deposit key.
[[nodiscard]] std::vector<os::Handle> take_handles(os::ReceivedAncillaryData ancillary);
/// Releases the handles of a received message that its receiver does not want.
void discard_handles(const os::ReceivedAncillaryData& ancillary) noexcept;

}  // namespace procession::inline v0::detail::connection
