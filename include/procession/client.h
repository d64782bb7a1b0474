// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "procession/address.h"
#include "procession/byte_connection.h"
#include "procession/deadline.h"
#include "procession/export.h"

namespace procession::inline v0 {

struct ClientOptions {
    /// The key of the Listener; empty when it has none.
    std::string authkey = {};
    /// How much time connecting and authentication may take together.
    std::chrono::milliseconds patience{5000};
};

/// Connects to a Listener, of Procession or of Python.
///
/// Blocks:     until the connection is established, or `patience` is over.
/// Throws:     OSError when no process listens there (connection_refused,
///             no_such_file_or_directory); AuthenticationError when the peer does not know the key,
///             does not speak the protocol of a listener, or (except by TCP) belongs to another
///             user; TimeoutError.
/// Threads:    any.
/// Python:     multiprocessing.connection.Client
[[nodiscard]] PROCESSION_EXPORT ByteConnection connect(const Address& address,
                                                       const ClientOptions& options = {});

/// Python's name of connect().
[[nodiscard]] inline ByteConnection Client(const Address& address,
                                           const ClientOptions& options = {}) {
    return connect(address, options);
}

}  // namespace procession::inline v0
