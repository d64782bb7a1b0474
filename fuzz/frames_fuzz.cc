// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What a peer writes on a connection: messages come out of it, or an error, whatever it is and in
// whatever pieces it comes. The input says how the messages are received, and what is written.

#include <sys/socket.h>

#include <cstdint>
#include <vector>

#include "connection/endpoint.h"
#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "os/stream.h"
#include "procession/byte_connection.h"
#include "procession/log.h"

namespace procession::fuzz {
namespace {

using connection::Endpoint;

/// Returns: false when nothing more can come of this connection.
bool receive_one(const ByteConnection& connection, std::uint8_t how) {
    bool goes_on = true;
    const bool returned = survives([&] {
        std::byte space[64];
        switch (how % 4) {
            case 0: static_cast<void>(connection.recv_bytes(4096, Deadline::now())); break;
            case 1: static_cast<void>(connection.recv_bytes_into(space, Deadline::now())); break;
            case 2: {
                const auto got = connection.try_recv_bytes();
                goes_on = got.has_value();
                break;
            }
            default: static_cast<void>(connection.recv<std::vector<std::string>>(Deadline::now()));
        }
    });
    return goes_on && returned;
}

void run(Input input) {
    set_log_level(LogLevel::off);
    Handle mine;
    Handle theirs;
    if (os::create_stream(mine, theirs)) found("no stream");
    const ByteConnection connection(Endpoint::adopt(std::move(mine), true, true));
    if (input.byte() % 2 == 1) connection.send_bytes("so that the peer may answer");
    for (int turn = 0; turn < 64 && !input.at_end(); ++turn) {
        const auto how = input.byte();
        const auto piece = input.take(input.next<std::uint16_t>() % 8192);
        static_cast<void>(
            ::send(theirs.get(), piece.data(), piece.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
        receive_one(connection, how);
    }
    theirs.reset();
    for (int turn = 0; turn < 64 && receive_one(connection, 2); ++turn) {}
    survives([&] { static_cast<void>(connection.poll()); });
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
