// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/luggage.h"

#include <cstring>
#include <string>

#include "base/logging.h"
#include "connection/endpoint.h"
#include "procession/error.h"
#include "transfer/broker_client.h"

namespace procession::connection {

namespace {

/// A note: the token, and where the broker listens.
std::vector<std::byte> note_of(const DepositKey& name) {
    std::vector<std::byte> note(name.token.begin(), name.token.end());
    const auto broker = std::as_bytes(std::span(name.broker));
    note.insert(note.end(), broker.begin(), broker.end());
    return note;
}

DepositKey name_in(const std::vector<std::byte>& note) {
    DepositKey name;
    if (note.size() <= name.token.size())
        throw DecodeError("collect", "handles of a message", "the note that names them is cut off");
    std::memcpy(name.token.data(), note.data(), name.token.size());
    name.broker.assign(reinterpret_cast<const char*>(note.data()) + name.token.size(),
                       note.size() - name.token.size());
    return name;
}

}  // namespace

Luggage::Luggage(const Endpoint& endpoint, const transfer::SendContext& context)
    : handles_(context.handles()) {
    if (os::handles_travel_in_streams || handles_.empty()) return;
    const auto handles = std::exchange(handles_, {});
    const os::Handle end = endpoint.duplicate("send");
    if (!os::has_peer(end)) return;  // sending will tell
    // The broker holds this end as well until the message is received: so the peer does not see the
    // end of the connection before, and the broker sees when there is no peer any more.
    auto name = transfer::deposit(end, handles);
    note_ = note_of(name);
    kept_ = HandleDeposit(std::move(name));
}

std::vector<os::Handle> collect(os::CameBeside beside) {
    if (beside.note.empty()) return std::move(beside.handles);
    return transfer::take(name_in(beside.note));
}

void leave_behind(const os::CameBeside& beside) noexcept {
    if (beside.note.empty() && beside.handles.empty()) return;
    base::log(LogLevel::warning, "handles came with a message that was received as bytes: closed");
    if (beside.note.empty()) return;
    try {
        transfer::release(name_in(beside.note));
    } catch (const std::exception& failed) {
        base::log(LogLevel::warning, "handles of a message stay at the handle broker: %s",
                  failed.what());
    }
}

}  // namespace procession::connection
