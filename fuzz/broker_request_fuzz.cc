// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What a client says to the broker: another client is served all the same. The input is a list of
// records: whether handles go along, a length in a byte, and the bytes.

#include <fcntl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <thread>
#include <vector>

#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "os/channel.h"
#include "os/memory_file.h"
#include "os/random.h"
#include "os/rendezvous.h"
#include "procession/log.h"
#include "transfer/broker.h"
#include "transfer/broker_client.h"

namespace procession::fuzz {

using namespace detail;
namespace {

/// A request that a client could have made, or that is nearly one.
std::vector<std::byte> record_from(Input& input) {
    std::vector<std::byte> bytes(sizeof(transfer::Request));
    const transfer::Request sound;
    std::memcpy(bytes.data(), &sound, sizeof sound);
    const std::size_t at = input.byte() % bytes.size();
    const auto scribble = input.take(input.byte() % 40);
    bytes.resize(std::max(bytes.size(), at + scribble.size()));
    std::copy(scribble.begin(), scribble.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
    return bytes;
}

void talk(const std::string& name, Input& input, const os::Handle& file) {
    os::Handle channel;
    if (os::connect_to_rendezvous(name, channel)) found("no broker is there");
    std::array<std::byte, 4096> answer;
    for (int turn = 0; turn < 16 && !input.at_end(); ++turn) {
        const std::vector<os::NativeHandle> handles(input.byte() % 4, file.get());
        const auto record = record_from(input);
        const std::array parts{std::span<const std::byte>(record)};
        std::size_t count = 0;
        if (os::send_some(channel.get(), parts, handles, count)) return;
        std::vector<os::Handle> arrived;
        static_cast<void>(os::receive_some(channel.get(), answer, count, arrived));
    }
}

void run(Input input) {
    set_log_level(LogLevel::off);
    std::array<std::byte, 8> random;
    if (os::fill_random(random)) found("no random bytes");
    std::string name = "procession-fuzz-";
    for (const std::byte each : random) name += std::to_string(std::to_integer<int>(each));
    os::Handle rendezvous_socket;
    if (os::open_rendezvous(name, rendezvous_socket)) found("no rendezvous socket");
    os::Handle carrier;
    if (os::create_memory_file("carrier", 1 << 20, carrier)) found("no memory");
    // Both are there before it lives, so that it ends with the last of them.
    transfer::join_family(name, {});
    std::thread broker([&] { transfer::HandleBroker(std::move(rendezvous_socket)).run(); });
    const std::array handles{carrier.get()};
    const auto kept = transfer::deposit(carrier, handles);
    talk(name, input, carrier);
    if (transfer::take(kept).size() != 1) found("an honest client's handle is gone");
    transfer::forget_brokers();
    broker.join();
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
