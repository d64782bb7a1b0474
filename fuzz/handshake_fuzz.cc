// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The messages of a peer that does not know the key, during authentication. The input is a list
// of messages; whatever they are, the peer is not accepted.

#include <cstdint>
#include <string>

#include "connection/handshake.h"
#include "fuzz/expect.h"
#include "fuzz/input.h"

namespace procession::fuzz {

using namespace detail;
namespace {

using connection::Handshake;

void run(Input input) {
    const auto role = input.byte() % 2 == 0 ? connection::Role::listener : connection::Role::client;
    Handshake handshake(role, "a key that the peer does not know");
    for (int turn = 0; turn < 8 && !input.at_end(); ++turn) {
        const auto choice = input.byte();
        auto sent = handshake.take_messages();
        // Some of it is what we have said ourselves.
        if (choice % 4 == 0 && !sent.empty()) {
            handshake.receive(sent.back());
            continue;
        }
        handshake.receive(input.take(input.byte()));
        if (handshake.reason().size() > 400) found("the reason is a book");
    }
    if (handshake.state() == Handshake::State::done) found("a peer without the key was accepted");
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
