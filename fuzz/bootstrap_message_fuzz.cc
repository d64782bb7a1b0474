// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What a spawned child is told first. The first byte says whether the rest is a whole message, or
// its body under a head that is right, so that the fuzzer gets past the checksum.

#include <cstdint>
#include <cstring>
#include <vector>

#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "process/bootstrap.h"
#include "procession/detail/launch.h"

namespace procession::fuzz {

using namespace detail;
namespace {

void open(std::span<const std::byte> message) {
    survives([&] {
        const process::ParsedBootstrap parsed = process::parse_bootstrap(message);
        if (parsed.bootstrap.handles.empty()) found("a message without the report channel");
        const auto& end = message.back();
        if (!parsed.state.empty() && &parsed.state.back() != &end)
            found("the state lies elsewhere");
        static_cast<void>(process::function_of(parsed.bootstrap.entry));
    });
}

void run(Input input) {
    const std::uint8_t how = input.byte();
    if (how % 4 == 0) {
        const auto bytes = input.rest();
        // A copy of its own: what is read beyond its end is found.
        const std::vector<std::byte> message(bytes.begin(), bytes.end());
        return open(message);
    }
    const auto bootstrap = input.take(input.next<std::uint16_t>());
    const auto state = input.rest();
    process::BootstrapHead head = process::head_for(bootstrap, state);
    if (how % 4 == 2) head.bootstrap_bytes += how >> 2;
    if (how % 4 == 3) head.state_bytes -= how >> 2;
    std::vector<std::byte> message(sizeof head);
    std::memcpy(message.data(), &head, sizeof head);
    message.insert(message.end(), bootstrap.begin(), bootstrap.end());
    message.insert(message.end(), state.begin(), state.end());
    open(message);
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
