// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/message_handles.h"

#include <utility>

#include "base/logging.h"
#include "connection/frames.h"
#include "connection/shared_end.h"
#include "procession/error.h"
#include "transfer/broker_client.h"

namespace procession::inline v0::detail::connection {

MessageHandles::MessageHandles(const SharedEnd& end, const transfer::SendContext& context)
    : handles_(context.handles()) {
    if (os::streams_carry_handles || handles_.empty()) return;
    const auto handles = std::exchange(handles_, {});
    const os::Handle carrier = end.duplicate("send");
    if (!os::has_peer(carrier)) return;  // send() will fail
    // Until the message is received, the broker holds this end too. So the peer does not see the
    // end of the connection before that, and the broker notices when the peer is gone.
    auto name = transfer::deposit(carrier, handles);
    deposit_key_ = encode_deposit_key(name);
    deposit_ = HandleDeposit(std::move(name));
}

std::vector<os::Handle> take_handles(os::ReceivedAncillaryData ancillary) {
    if (ancillary.deposit_key.empty()) return std::move(ancillary.handles);
    return transfer::take(decode_deposit_key(ancillary.deposit_key));
}

void discard_handles(const os::ReceivedAncillaryData& ancillary) noexcept {
    if (ancillary.deposit_key.empty() && ancillary.handles.empty()) return;
    base::log(LogLevel::warning,
              "a message that was received as bytes came with handles, which were closed");
    if (ancillary.deposit_key.empty()) return;
    try {
        transfer::release(decode_deposit_key(ancillary.deposit_key));
    } catch (const std::exception& failed) {
        base::log(LogLevel::warning, "the handles of a message were not released: %s",
                  failed.what());
    }
}

}  // namespace procession::inline v0::detail::connection
