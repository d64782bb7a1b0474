// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What one who does not know the key says while both sides prove that they do. The input is a list
// of messages; whatever they are, nobody is let in.

#include <cstdint>
#include <string>

#include "connection/handshake.h"
#include "fuzz/expect.h"
#include "fuzz/input.h"

namespace procession::fuzz {
namespace {

using connection::Handshake;

void run(Input input) {
    const auto role = input.byte() % 2 == 0 ? connection::Role::listener : connection::Role::client;
    Handshake handshake(role, "a key that the stranger does not know");
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
    if (handshake.state() == Handshake::State::done) found("a stranger was let in");
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
