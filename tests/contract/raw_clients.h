// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include "contract/listener_helpers.h"
#include "os/handle.h"
#include "procession/address.h"
#include "support/queue_helpers.h"

// Connections to a Listener that are not made by a Client.

namespace procession::testing {

using namespace detail;

/// Connects by TCP and sends nothing. With SOCK_NONBLOCK it does not wait for the connection.
inline os::Handle raw_client_at(const Address& address, int flags = 0) {
    os::Handle socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | flags, 0));
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(address.port());
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool connected =
        ::connect(socket.get(), reinterpret_cast<sockaddr*>(&where), sizeof where) == 0;
    must(connected || flags == SOCK_NONBLOCK);
    return socket;
}

}  // namespace procession::testing
