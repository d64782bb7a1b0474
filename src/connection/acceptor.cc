// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/acceptor.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "base/logging.h"
#include "connection/shared_end.h"
#include "os/child.h"
#include "os/wait.h"
#include "procession/error.h"

namespace procession::inline v0::detail::connection {

namespace {

constexpr std::size_t kKeyBytesMin = 16;  // if users of other machines can connect
constexpr std::size_t kPendingPeersMax = 64;

const char* why_not(std::error_code problem) {
    if (problem == std::errc::address_in_use)
        return "another process listens there, or a socket was left behind: remove it";
    if (problem == std::errc::address_family_not_supported)
        return "TCP is not supported on this system: use a path or an abstract name";
    return "cannot listen there";
}

void check_key(const Address& address, const ListenerOptions& options) {
    if (address.kind() == Address::Kind::tcp && options.authkey.empty()) {
        throw ValueError(
            "listen", address.text(),
            "a TCP listener needs an authkey: every user of this machine could connect");
    }
    if (!address.is_local() && options.authkey.size() < kKeyBytesMin) {
        throw ValueError("listen", address.text(),
                         "a listener that other machines can reach needs an authkey of at least " +
                             std::to_string(kKeyBytesMin) + " bytes");
    }
}

/// Ends the connection even if another process, such as a fork child, holds the same end.
void disconnect(SharedEnd& end) noexcept {
    end.end_sending();
    end.end_receiving();
}

}  // namespace

bool send_messages(const ByteConnection& connection, Handshake& handshake, Deadline deadline) {
    try {
        for (const auto& message : handshake.take_messages())
            connection.send_bytes(message, deadline);
        return true;
    } catch (const Error&) {  // the peer is gone, or does not receive
        return false;
    }
}

AuthenticatingAcceptor::AuthenticatingAcceptor(const Address& address, ListenerOptions options)
    : address_(address), options_(std::move(options)), process_(os::current_process_id()) {
    check_key(address, options_);
    if (const auto problem =
            os::ListeningSocket::open(address, std::max(options_.backlog, 1), socket_)) {
        fail(problem, why_not(problem));
    }
    made_path_ = os::identity_of_path(address_);
    try {
        if (const auto problem = socket_.get_address(address_))
            fail(problem, "the system does not tell where it listens");
        make_ready_set();
    } catch (...) {
        close();
        throw;
    }
}

void AuthenticatingAcceptor::fail(std::error_code problem, const char* text) const {
    throw OSError(problem, "listen", address_.text(), text);
}

bool AuthenticatingAcceptor::belongs_to_this_process() const noexcept {
    return process_ == os::current_process_id();
}

void AuthenticatingAcceptor::close() noexcept {
    if (!socket_.is_open()) return;
    if (belongs_to_this_process()) {
        if (made_path_) os::remove_path(address_, *made_path_);
        for (const auto& peer : peers_) disconnect(*peer.end);
    }
    ready_.close();
    socket_.close();
    peers_.clear();
}

void AuthenticatingAcceptor::make_ready_set() {
    os::ReadySet made;
    auto problem = made.create();
    if (!problem) problem = socket_.watch(made);
    if (problem) fail(problem, "cannot watch for clients");
    ready_ = std::move(made);
}

// In a fork child: drops what is the parent's, which a fork has copied.
void AuthenticatingAcceptor::prepare() {
    if (!socket_.is_open()) throw ClosedError("listen", address_.text(), "listener is closed");
    if (belongs_to_this_process()) return;
    peers_.clear();
    made_path_.reset();
    make_ready_set();  // the copy refers to the parent's set
    process_ = os::current_process_id();
}

os::NativeHandle AuthenticatingAcceptor::native_handle() {
    prepare();
    ready_.refresh();
    return ready_.native_handle();
}

std::optional<ByteConnection> AuthenticatingAcceptor::accept(Deadline deadline) {
    prepare();
    auto accepted = accept_until(deadline);
    ready_.refresh();  // for an event loop that waits for native_handle()
    return accepted;
}

std::optional<ByteConnection> AuthenticatingAcceptor::accept_until(Deadline deadline) {
    for (;;) {
        ready_.refresh();
        // The result does not matter: the patience with a peer may be over.
        static_cast<void>(os::wait_readable(ready_.native_handle(), earliest_deadline(deadline)));
        ready_.begin_look();
        if (auto accepted = continue_handshakes()) return accepted;
        accept_peers();
        if (auto accepted = continue_handshakes()) return accepted;
        if (deadline.expired()) return std::nullopt;
    }
}

Deadline AuthenticatingAcceptor::earliest_deadline(Deadline deadline) const {
    for (const auto& peer : peers_) {
        if (peer.patience.time_point() < deadline.time_point()) deadline = peer.patience;
    }
    return deadline;
}

// Without a key, a peer is accepted as soon as it has connected, so one is enough. With a key, many
// peers are authenticated side by side. Their number is limited, so that new peers do not push out
// earlier ones that have had no chance to send anything yet.
void AuthenticatingAcceptor::accept_peers() {
    while (accept_peer() && needs_handshake() && peers_.size() < kPendingPeersMax) {}
}

// Returns: false when no client is waiting.
bool AuthenticatingAcceptor::accept_peer() {
    os::Accepted accepted;
    const auto problem = socket_.accept(ready_, accepted);
    if (problem == std::errc::operation_would_block) return false;
    if (problem) throw OSError(problem, "accept", address_.text(), "cannot accept clients");
    if (accepted.user_mismatch == std::errc::permission_denied) {
        base::log(LogLevel::warning, "%s: refused a process of another user",
                  address_.text().c_str());
        return true;
    }
    if (accepted.user_mismatch) {
        throw OSError(accepted.user_mismatch, "accept", address_.text(),
                      "the system does not tell which user has connected");
    }
    begin_handshake(std::move(accepted));
    return true;
}

void AuthenticatingAcceptor::begin_handshake(os::Accepted accepted) {
    // Silent peers must not use up handles and memory. The oldest one has had the most time.
    if (peers_.size() >= kPendingPeersMax)
        refuse(peers_.begin(), "too many clients wait at the same time");
    peers_.push_back({SharedEnd::adopt(std::move(accepted.end), true, true),
                      std::move(accepted.from), Handshake(Role::listener, options_.authkey),
                      options_.patience});
    const auto peer = std::prev(peers_.end());
    if (const auto problem = ready_.add(peer->end->native_handle("accept"))) {
        refuse(peer, "the system cannot watch another connection");
        throw OSError(problem, "accept", address_.text(), "cannot watch another connection");
    }
    if (needs_handshake() && !send_messages(peer->connection(), peer->handshake, Deadline::now())) {
        refuse(peer, "it has disconnected");
    }
}

void AuthenticatingAcceptor::refuse(PeerIterator peer, const char* why) {
    base::log(LogLevel::warning, "%s: refused %s: %s", address_.text().c_str(),
              peer->from ? peer->from->text().c_str() : "a process", why);
    disconnect(*peer->end);
    static_cast<void>(remove(peer));
}

ByteConnection AuthenticatingAcceptor::remove(PeerIterator peer) {
    ByteConnection connection = peer->connection();
    ready_.remove(connection.native_handle());
    peers_.erase(peer);
    return connection;
}

// Returns: false when there is no message now.
bool AuthenticatingAcceptor::receive_message(PendingPeer& peer) {
    const ByteConnection connection = peer.connection();
    std::vector<std::byte> message;
    try {
        message = connection.recv_bytes(handshake_message_bytes_max, Deadline::now());
    } catch (const TimeoutError&) {
        return false;
    }
    peer.handshake.receive(message);
    if (!send_messages(connection, peer.handshake, Deadline::now()))
        throw EOFError("authenticate", "peer", "it does not receive");
    return true;
}

std::optional<ByteConnection> AuthenticatingAcceptor::continue_handshakes() {
    for (auto next = peers_.begin(); next != peers_.end();) {
        const auto peer = next++;
        const Handshake& handshake = peer->handshake;
        std::string refusal;
        try {
            while (needs_handshake() && handshake.state() == Handshake::State::in_progress &&
                   receive_message(*peer)) {}
        } catch (const Error& failed) {
            refusal = failed.what();
        }
        if (refusal.empty() && handshake.state() == Handshake::State::refused)
            refusal = handshake.reason();
        const bool is_authenticated =
            !needs_handshake() || handshake.state() == Handshake::State::done;
        if (refusal.empty() && is_authenticated) {
            last_accepted_ = peer->from;
            return remove(peer);
        }
        if (refusal.empty() && peer->patience.expired()) refusal = "it was silent for too long";
        if (!refusal.empty()) refuse(peer, refusal.c_str());
    }
    return std::nullopt;
}

}  // namespace procession::inline v0::detail::connection
