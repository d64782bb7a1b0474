// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include "os/stream.h"
#include "procession/handle_deposit.h"
#include "transfer/send_context.h"

namespace procession::connection {

class Endpoint;

/// What goes beside a message: its handles; where they do not travel in streams, a note that names
/// them, while they wait at the broker until the message is received.
class Luggage {
  public:
    /// Throws: SharingError, OSError when the broker does not take them.
    Luggage(const Endpoint& endpoint, const transfer::SendContext& context);

    [[nodiscard]] os::Beside beside() const noexcept { return {handles_, note_}; }
    /// The message is on its way: its receiver takes the handles. Before that the broker lets go of
    /// them when this object ends.
    void leave_to_message() noexcept { kept_.leave_to_item(); }

  private:
    std::vector<os::NativeHandle> handles_;
    std::vector<std::byte> note_;
    HandleDeposit kept_;
};

/// The handles of a message that has come.
/// Throws: SharingError when they cannot be had any more; DecodeError for a note that is none.
[[nodiscard]] std::vector<os::Handle> collect(os::CameBeside beside);
/// Lets go of the handles of a message when no caller wants them.
void leave_behind(const os::CameBeside& beside) noexcept;

}  // namespace procession::connection
