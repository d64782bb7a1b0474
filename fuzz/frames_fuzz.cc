// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What a peer writes to a connection: whatever it is, and in whatever pieces it arrives, the result
// is messages or an error. The input says how the messages are received, and what is written. The
// same bytes go to a FrameReader alone, and are decoded as a deposit key.

#include <sys/socket.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "connection/frames.h"
#include "connection/shared_end.h"
#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "os/stream.h"
#include "procession/byte_connection.h"
#include "procession/log.h"

namespace procession::fuzz {

using namespace detail;
namespace {

using connection::SharedEnd;

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

/// Frames without a connection. Each piece is as long as the byte before it says.
void read_frames(Input input) {
    connection::FrameReader reader;
    std::byte space[64];
    std::uint64_t got = 0;
    while (!input.at_end() && !reader.is_malformed()) {
        const auto room =
            reader.room(input.byte() % 2 == 0 ? std::span(space) : std::span(space, 0));
        if (room.empty()) found("no room for the rest of a frame");
        if (room.size() > (std::size_t{1} << 20) + got) found("too much memory for a frame");
        const auto piece = input.take(std::min<std::size_t>(input.byte(), room.size()));
        std::copy(piece.begin(), piece.end(), room.begin());
        if (reader.has_length()) got += piece.size();
        reader.advance(piece.size());
        reader.save(space);
        if (!reader.is_complete()) continue;
        if (reader.take_message().size() > reader.length()) found("a message beyond its length");
        reader = {};
        got = 0;
    }
}

void run(Input input) {
    set_log_level(LogLevel::off);
    Handle mine;
    Handle theirs;
    if (os::create_stream_pair(mine, theirs)) found("no stream");
    const ByteConnection connection(SharedEnd::adopt(std::move(mine), true, true));
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
    procession::fuzz::read_frames(procession::fuzz::Input(data, size));
    procession::fuzz::survives([&] {
        static_cast<void>(procession::detail::connection::decode_deposit_key(
            std::as_bytes(std::span(data, size))));
    });
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
