// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "procession/byte_connection.h"
#include "procession/connection.h"
#include "procession/export.h"

namespace procession::inline v0 {

/// Creates the two ends of a connection, to be given to two processes. With `duplex` both can send
/// and receive; without it, the first can only receive and the second can only send.
///
/// Throws:     OSError when too many files are open.
/// Python:     multiprocessing.Pipe(duplex)
[[nodiscard]] PROCESSION_EXPORT std::pair<ByteConnection, ByteConnection> make_pipe(
    bool duplex = true);

/// The same for messages of one type.
template <class T>
[[nodiscard]] std::pair<Connection<T>, Connection<T>> make_pipe(bool duplex = true) {
    auto [one, other] = make_pipe(duplex);
    return {Connection<T>(std::move(one)), Connection<T>(std::move(other))};
}

/// Python's name of make_pipe().
[[nodiscard]] inline std::pair<ByteConnection, ByteConnection> Pipe(bool duplex = true) {
    return make_pipe(duplex);
}
template <class T>
[[nodiscard]] std::pair<Connection<T>, Connection<T>> Pipe(bool duplex = true) {
    return make_pipe<T>(duplex);
}

}  // namespace procession::inline v0
