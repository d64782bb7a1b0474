// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/listener.h"

#include "connection/endpoint.h"
#include "connection/handshake.h"
#include "connection/reception.h"
#include "os/listening.h"
#include "procession/client.h"
#include "procession/error.h"

namespace procession {

Listener::Listener(const Address& address, ListenerOptions options)
    : reception_(std::make_unique<connection::Reception>(address, std::move(options))) {}
Listener::~Listener() = default;
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;

connection::Reception& Listener::reception() const {
    if (reception_ == nullptr) throw ClosedError("listen", "listener", "it was moved from");
    return *reception_;
}

ByteConnection Listener::accept(Deadline deadline) {
    auto accepted = reception().accept(deadline);
    if (!accepted) {
        throw TimeoutError("accept", address().text(), "nobody connected before the deadline");
    }
    return std::move(*accepted);
}

Result<ByteConnection, AcceptError> Listener::try_accept(Deadline deadline) {
    auto accepted = reception().accept(deadline);
    if (!accepted) return AcceptError::timed_out;
    return std::move(*accepted);
}

void Listener::close() noexcept {
    if (reception_ != nullptr) reception_->close();
}
const Address& Listener::address() const { return reception().address(); }
const std::optional<Address>& Listener::last_accepted() const {
    return reception().last_accepted();
}
NativeHandle Listener::native_handle() const { return reception().native_handle(); }

ByteConnection Client(const Address& address, const ClientOptions& options) {
    using connection::Handshake;
    const Deadline deadline = options.patience;
    Handle end;
    std::error_code stranger;
    if (const auto problem = os::connect_to(address, deadline, end, stranger)) {
        if (problem == std::errc::timed_out)
            throw TimeoutError("connect", address.text(), "nobody answered in time");
        throw OSError(problem, "connect", address.text(), "cannot connect");
    }
    if (stranger) {
        throw AuthenticationError("connect", address.text(),
                                  "it belongs to another user (" + stranger.message() + ")");
    }
    ByteConnection connection(connection::Endpoint::adopt(std::move(end), true, true));
    if (options.authkey.empty()) return connection;
    Handshake handshake(connection::Role::client, options.authkey);
    while (handshake.state() == Handshake::State::under_way) {
        try {
            handshake.receive(
                connection.recv_bytes(connection::handshake_message_bytes_max, deadline));
        } catch (const TimeoutError&) {
            throw TimeoutError("connect", address.text(),
                               "the listener has not authenticated in time: it has no authkey, or "
                               "is not in accept()");
        } catch (const Error& failed) {
            throw AuthenticationError(
                "connect", address.text(),
                std::string("the listener does not authenticate: ") + failed.what());
        }
        if (!connection::send_messages(connection, handshake, deadline) &&
            handshake.state() != Handshake::State::refused) {
            throw AuthenticationError("connect", address.text(),
                                      "the listener has gone in the middle of it");
        }
    }
    if (handshake.state() == Handshake::State::refused)
        throw AuthenticationError("connect", address.text(), handshake.reason());
    return connection;
}

}  // namespace procession
