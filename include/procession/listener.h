// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "procession/address.h"
#include "procession/byte_connection.h"
#include "procession/deadline.h"
#include "procession/result.h"

namespace procession {

namespace connection {
class Reception;
}

struct ListenerOptions {
    /// The key that both sides must know. Bytes; it never appears in logs or errors. Needed for
    /// TCP.
    std::string authkey = {};
    /// How many may wait to be accepted.
    int backlog = 16;
    /// How long a client may take to prove that it knows the key.
    std::chrono::milliseconds patience{5000};
};

/// Why no client was accepted.
enum class AcceptError : std::uint8_t { timed_out };

/// Waits for processes that connect, on this machine or by TCP.
///
/// Guarantees:
///   - A client by a Unix socket belongs to the user of this process.
///   - With a key, a client that is accepted has proved that it knows the key, and has been given
///   the same
///     proof (HMAC, CPython's protocol of 3.12 and newer).
///   - A client that is slow, silent, or sends nonsense keeps no other waiting: it is let go after
///     `patience`, and logged.
///
/// Move-only; its destructor closes it, and removes the path that it has made.
/// Threads: one at a time.   Processes: a fork child's copy accepts at the same place; closing it
/// leaves its parent's, and the path, alone.   Python: multiprocessing.connection.Listener
class Listener {
  public:
    /// Throws:  OSError (address_in_use: another listens there, or a socket without a listener
    ///          was left behind: remove it); ValueError for TCP without a key (any user of the
    ///          machine could connect), or beyond this machine with one of less than 16 bytes.
    explicit Listener(const Address& address, ListenerOptions options = {});
    ~Listener();
    Listener(Listener&&) noexcept;
    Listener& operator=(Listener&&) noexcept;
    Listener(const Listener&) = delete;
    Listener& operator=(const Listener&) = delete;

    /// Waits for the next process that connects and knows the key.
    ///
    /// Blocks:     until then, or the deadline.
    /// Throws:     TimeoutError; OSError when the system lets no client in (too many files are
    /// open);
    ///             ClosedError.
    /// Peer dies:  it is forgotten; accept() waits for the next one.
    /// Python:     Listener.accept(), which raises AuthenticationError for a client that does not
    /// know the
    ///             key; here that one is refused and logged, and accept() goes on.
    [[nodiscard]] ByteConnection accept(Deadline deadline = Deadline::never());
    /// Returns:    the connection, or timed_out.   Throws: otherwise as accept().
    [[nodiscard]] Result<ByteConnection, AcceptError> try_accept(
        Deadline deadline = Deadline::now());
    void close() noexcept;

    /// Where it listens: with the port that was free, for port 0.
    /// Throws: ClosedError when it was moved from; not when it was closed.
    [[nodiscard]] const Address& address() const;
    /// Where the last accepted one came from; nothing for Unix sockets without a name. Throws: as
    /// address().
    [[nodiscard]] const std::optional<Address>& last_accepted() const;
    /// For wait() and event loops: readable when try_accept() has something to do: a client
    /// connects, or goes on to prove that it knows the key, which takes three calls or four. Those
    /// that took longer than `patience` are let go at the next call. In a fork child it is another
    /// handle. Throws: ClosedError; OSError in a fork child that cannot make its own.
    [[nodiscard]] NativeHandle native_handle() const;

  private:
    [[nodiscard]] connection::Reception& reception() const;

    std::unique_ptr<connection::Reception> reception_;
};

}  // namespace procession
