// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/listener.h"

#include "connection/acceptor.h"
#include "connection/handshake.h"
#include "connection/shared_end.h"
#include "os/listening_socket.h"
#include "procession/client.h"
#include "procession/error.h"

namespace procession::inline v0 {

Listener::Listener(const Address& address, ListenerOptions options)
    : acceptor_(std::make_unique<detail::connection::AuthenticatingAcceptor>(address,
                                                                             std::move(options))) {}
Listener::~Listener() = default;
Listener::Listener(Listener&&) noexcept = default;
Listener& Listener::operator=(Listener&&) noexcept = default;

detail::connection::AuthenticatingAcceptor& Listener::acceptor() const {
    if (acceptor_ == nullptr) throw ClosedError("listen", "listener", "it was moved from");
    return *acceptor_;
}

ByteConnection Listener::accept(Deadline deadline) {
    auto accepted = acceptor().accept(deadline);
    if (!accepted) {
        throw TimeoutError("accept", address().text(), "no client connected before the deadline");
    }
    return std::move(*accepted);
}

Result<ByteConnection, AcceptError> Listener::try_accept(Deadline deadline) {
    auto accepted = acceptor().accept(deadline);
    if (!accepted) return AcceptError::timed_out;
    return std::move(*accepted);
}

void Listener::close() noexcept {
    if (acceptor_ != nullptr) acceptor_->close();
}
const Address& Listener::address() const { return acceptor().address(); }
const std::optional<Address>& Listener::last_accepted() const { return acceptor().last_accepted(); }
NativeHandle Listener::native_handle() const { return acceptor().native_handle(); }

ByteConnection connect(const Address& address, const ClientOptions& options) {
    using detail::connection::Handshake;
    const Deadline deadline = options.patience;
    Handle end;
    std::error_code user_mismatch;
    if (const auto problem = detail::os::connect_to(address, deadline, end, user_mismatch)) {
        if (problem == std::errc::timed_out) {
            throw TimeoutError("connect", address.text(),
                               "the listener did not accept before the deadline");
        }
        throw OSError(problem, "connect", address.text(), "cannot connect");
    }
    if (user_mismatch) {
        throw AuthenticationError("connect", address.text(),
                                  "it belongs to another user (" + user_mismatch.message() + ")");
    }
    ByteConnection connection(detail::connection::SharedEnd::adopt(std::move(end), true, true));
    if (options.authkey.empty()) return connection;
    Handshake handshake(detail::connection::Role::client, options.authkey);
    while (handshake.state() == Handshake::State::in_progress) {
        try {
            handshake.receive(
                connection.recv_bytes(detail::connection::handshake_message_bytes_max, deadline));
        } catch (const TimeoutError&) {
            throw TimeoutError("connect", address.text(),
                               "the listener has not authenticated in time: it has no authkey, or "
                               "is not in accept()");
        } catch (const Error& failed) {
            throw AuthenticationError(
                "connect", address.text(),
                std::string("the listener does not authenticate: ") + failed.what());
        }
        if (!detail::connection::send_messages(connection, handshake, deadline) &&
            handshake.state() != Handshake::State::refused) {
            throw AuthenticationError("connect", address.text(),
                                      "the listener disconnected while authenticating");
        }
    }
    if (handshake.state() == Handshake::State::refused)
        throw AuthenticationError("connect", address.text(), handshake.reason());
    return connection;
}

}  // namespace procession::inline v0
