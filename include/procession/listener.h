// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "procession/address.h"
#include "procession/byte_connection.h"
#include "procession/deadline.h"
#include "procession/export.h"
#include "procession/result.h"

namespace procession::inline v0 {

namespace detail::connection {
class AuthenticatingAcceptor;
}

struct ListenerOptions {
    /// The key that both sides must know. Any bytes. It never appears in logs or errors. Required
    /// for TCP.
    std::string authkey = {};
    /// How many clients may wait to be accepted.
    int backlog = 16;
    /// How much time a client has to prove that it knows the key.
    std::chrono::milliseconds patience{5000};
};

/// Why no client was accepted.
enum class AcceptError : std::uint8_t { timed_out };

/// Accepts connections from processes on this machine, or by TCP.
///
/// Guarantees:
///   - A client that is accepted on a Unix socket belongs to the user of this process.
///   - With a key, a client is accepted only when the client and the listener have proved to each
///     other that they know the key (by HMAC, in the protocol of CPython 3.12 and newer).
///   - With a key, a client that is slow or silent does not delay other clients. It is disconnected
///     after `patience`. A client that violates the protocol is disconnected at once. Both are
///     logged.
///
/// Move-only. The destructor closes it, and removes the path that it created.
/// Threads: one at a time.   Processes: a fork child's copy accepts at the same address. Closing
/// the copy does not close the parent's Listener and does not remove the path.
/// Python: multiprocessing.connection.Listener
class PROCESSION_EXPORT Listener {
  public:
    /// Throws:  OSError; its code is address_in_use when another process listens at the address, or
    ///          when a socket was left behind there: remove it. ValueError for TCP without a key
    ///          (any user of the machine could connect), or with a key of less than 16 bytes at an
    ///          address that other machines can reach.
    explicit Listener(const Address& address, ListenerOptions options = {});
    ~Listener();
    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// Waits for the next process that connects and knows the key.
    ///
    /// Blocks:     until then, or the deadline.
    /// Throws:     TimeoutError; OSError when the system cannot accept a client (too many open
    ///             files); ClosedError.
    /// Peer dies:  accept() drops it and waits for the next one.
    /// Python:     Listener.accept(), which raises AuthenticationError for a client that does not
    ///             know the key; here such a client is refused and logged, and accept() continues.
    [[nodiscard]] ByteConnection accept(Deadline deadline = Deadline::never());
    /// Returns:    the connection, or timed_out.   Throws: otherwise as accept().
    [[nodiscard]] Result<ByteConnection, AcceptError> try_accept(
        Deadline deadline = Deadline::now());
    void close() noexcept;

    /// The address of this Listener. If port 0 was given, the address contains the port that the
    /// system chose.
    /// Throws: ClosedError when this object was moved from; not when it was closed.
    [[nodiscard]] const Address& address() const;
    /// The address of the client that was accepted last; nothing for a Unix socket without a name.
    /// Throws: as address().
    [[nodiscard]] const std::optional<Address>& last_accepted() const;
    /// A handle for wait() and event loops, readable when try_accept() can make progress: a client
    /// has connected, or has sent the next message of its authentication. So several calls of
    /// try_accept() may return timed_out before one returns the connection. Clients that took
    /// longer than `patience` are disconnected at the next call. A fork child's copy has a handle
    /// of its own.
    /// Throws: ClosedError; OSError in a fork child that cannot create its own handle.
    [[nodiscard]] NativeHandle native_handle() const;

  private:
    [[nodiscard]] detail::connection::AuthenticatingAcceptor& acceptor() const;

    std::unique_ptr<detail::connection::AuthenticatingAcceptor> acceptor_;
};

}  // namespace procession::inline v0
