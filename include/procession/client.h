// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>

#include "procession/address.h"
#include "procession/byte_connection.h"
#include "procession/deadline.h"

namespace procession {

struct ClientOptions {
    /// The key of the Listener; empty when it has none.
    std::string authkey = {};
    /// For all of it: to connect, and to prove the key to each other.
    std::chrono::milliseconds patience{5000};
};

/// Connects to a Listener, of Procession or of Python.
///
/// Blocks:     until the connection stands, or `patience` is over.
/// Throws:     OSError when no listener is there (connection_refused, no_such_file_or_directory);
///             AuthenticationError when the listener does not know our key, or does not answer
///             as one; TimeoutError.
/// Threads:    any.
/// Python:     multiprocessing.connection.Client
[[nodiscard]] ByteConnection Client(const Address& address, const ClientOptions& options = {});

}  // namespace procession
