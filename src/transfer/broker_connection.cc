// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "transfer/broker_connection.h"

#include <array>
#include <system_error>

#include "helper/helper_process.h"
#include "os/channel.h"
#include "procession/error.h"

namespace procession::inline v0::detail::transfer {

void BrokerConnection::send_request(const Request& request,
                                    std::span<const os::NativeHandle> handles) {
    expect(helper::send_record(broker(), helper::bytes_of(request), handles, broker_patience));
}

void BrokerConnection::send_in_batches(const Request& first, const Request& further,
                                       std::span<const os::NativeHandle> handles) {
    bool sent_some = false;
    expect(helper::send_in_batches(broker(), first, further, handles, broker_patience, sent_some));
}

bool BrokerConnection::try_send_request(const Request& request,
                                        std::span<const os::NativeHandle> handles) noexcept {
    const std::array parts{helper::bytes_of(request)};
    std::size_t sent = 0;
    return !os::send_some(channel_.get(), parts, handles, sent);
}

Reply BrokerConnection::receive_reply(std::vector<os::Handle>& handles, Deadline deadline) {
    Reply reply;
    expect(helper::receive(broker(), reply, handles, deadline));
    return reply;
}

void BrokerConnection::expect(const helper::RpcProblem& none) {
    if (!none) return;
    close();
    switch (none.failure) {
        case helper::RpcFailure::none: break;
        case helper::RpcFailure::gone: throw helper::PeerGone{};
        case helper::RpcFailure::silent:
            throw OSError(none.error, "ask", "broker",
                          "the process that holds the handles of queued items does not answer; is "
                          "it stopped?");
        case helper::RpcFailure::too_many_in_flight:
            throw TimeoutError("pass on", "handles of an item", os::too_many_in_flight_text);
        case helper::RpcFailure::lost_handles:
            throw OSError(none.error, "receive", "handles of an item",
                          "too many files are open; raise the limit (ulimit -n)");
        case helper::RpcFailure::malformed:
            throw SharingError("ask", "broker", "it answers what is no answer");
        case helper::RpcFailure::system:
            throw OSError(none.error, "talk to", "broker",
                          "the handles of an item cannot be passed on");
    }
}

}  // namespace procession::inline v0::detail::transfer
