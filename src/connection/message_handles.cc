// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/message_handles.h"

#include <utility>

#include "base/logging.h"
#include "connection/frames.h"
#include "connection/shared_end.h"
#include "handoff/keeper_client.h"
#include "procession/error.h"

namespace procession::connection {

MessageHandles::MessageHandles(const SharedEnd& end, const handoff::Outgoing& outgoing)
    : handles_(outgoing.handles()) {
    if (os::streams_carry_handles || handles_.empty()) return;
    const auto handles = std::exchange(handles_, {});
    const os::Handle carrier = end.duplicate("send");
    if (!os::has_peer(carrier)) return;  // send() will fail
    // Until the message is received, the keeper holds this end too. So the peer does not see the
    // end of the connection before that, and the keeper notices when the peer is gone.
    auto name = handoff::deposit(carrier, handles);
    deposit_key_ = encode_deposit_key(name);
    deposit_ = Attachment(std::move(name));
}

std::vector<os::Handle> take_handles(os::ReceivedAncillaryData ancillary) {
    if (ancillary.deposit_key.empty()) return std::move(ancillary.handles);
    return handoff::take(decode_deposit_key(ancillary.deposit_key));
}

void discard_handles(const os::ReceivedAncillaryData& ancillary) noexcept {
    if (ancillary.deposit_key.empty() && ancillary.handles.empty()) return;
    base::log(LogLevel::warning,
              "a message that was received as bytes came with handles, which were closed");
    if (ancillary.deposit_key.empty()) return;
    try {
        handoff::release(decode_deposit_key(ancillary.deposit_key));
    } catch (const std::exception& failed) {
        base::log(LogLevel::warning, "the handles of a message were not released: %s",
                  failed.what());
    }
}

}  // namespace procession::connection
