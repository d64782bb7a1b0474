// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <optional>

#include "connection/handshake.h"
#include "os/handle.h"
#include "os/listening_socket.h"
#include "os/memory_file.h"
#include "os/ready_set.h"
#include "procession/listener.h"

namespace procession::inline v0::detail::connection {

class SharedEnd;

/// The implementation of Listener. It accepts connections and authenticates all clients that have
/// connected, the pending peers, side by side.
///
/// Threads: one at a time.   Fork: the child's copy listens at the same address. The path and the
/// pending peers remain its parent's.
class AuthenticatingAcceptor {
  public:
    AuthenticatingAcceptor(const Address& address, ListenerOptions options);
    ~AuthenticatingAcceptor() { close(); }
    AuthenticatingAcceptor(const AuthenticatingAcceptor&) = delete;
    AuthenticatingAcceptor& operator=(const AuthenticatingAcceptor&) = delete;

    /// Returns: nothing when the deadline passed first.
    [[nodiscard]] std::optional<ByteConnection> accept(Deadline deadline);
    void close() noexcept;

    [[nodiscard]] const Address& address() const noexcept { return address_; }
    [[nodiscard]] const std::optional<Address>& last_accepted() const noexcept {
        return last_accepted_;
    }
    /// Readable when accept() can make progress.
    [[nodiscard]] os::NativeHandle native_handle();

  private:
    /// A client that has connected and is not authenticated yet.
    struct PendingPeer {
        std::shared_ptr<SharedEnd> end;
        std::optional<Address> from;
        Handshake handshake;
        Deadline patience;

        [[nodiscard]] ByteConnection connection() const { return ByteConnection(end); }
    };
    using PeerIterator = std::list<PendingPeer>::iterator;

    [[nodiscard]] bool belongs_to_this_process() const noexcept;
    void prepare();
    void make_ready_set();
    [[nodiscard]] std::optional<ByteConnection> accept_until(Deadline deadline);
    void accept_peers();
    bool accept_peer();
    void begin_handshake(os::Accepted accepted);
    /// Continues the handshakes. Returns the connection of the first peer that is authenticated.
    [[nodiscard]] std::optional<ByteConnection> continue_handshakes();
    [[nodiscard]] bool needs_handshake() const noexcept { return !options_.authkey.empty(); }
    static bool receive_message(PendingPeer& peer);
    void refuse(PeerIterator peer, const char* why);
    [[nodiscard]] ByteConnection remove(PeerIterator peer);
    [[nodiscard]] Deadline earliest_deadline(Deadline deadline) const;
    [[noreturn]] void fail(std::error_code problem, const char* text) const;

    Address address_;
    const ListenerOptions options_;
    int process_;  // the process that owns the path and the pending peers
    os::ListeningSocket socket_;
    os::ReadySet ready_;  // the socket and the pending peers
    std::optional<os::FileIdentity> made_path_;
    std::optional<Address> last_accepted_;
    std::list<PendingPeer> peers_;  // in the order in which they connected
};

/// Sends the messages that the handshake wants to send. Returns: false when the peer does not
/// accept them.
bool send_messages(const ByteConnection& connection, Handshake& handshake, Deadline deadline);

}  // namespace procession::inline v0::detail::connection
