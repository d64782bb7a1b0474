// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/bootstrap.h"

#include <algorithm>
#include <cstring>

#include "os/code_location.h"
#include "procession/codec.h"
#include "procession/error.h"

namespace procession::inline v0::detail::process {

namespace {

constexpr std::uint64_t checksum_start = 0xcbf29ce484222325;

// FNV-1a over words of 8 bytes (the last one filled with zeros), folded so that high bits count
// too. It finds accidents; against malice, the file is sealed: no other process can write it.
std::uint64_t checksum(std::span<const std::byte> bytes, std::uint64_t sum) noexcept {
    constexpr std::uint64_t prime = 0x100000001b3;
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t count = std::min(bytes.size(), sizeof word);
        std::memcpy(&word, bytes.data(), count);
        sum = (sum ^ word) * prime;
        sum ^= sum >> 32;
        bytes = bytes.subspan(count);
    }
    return sum;
}

void put_build_id(char (&field)[64]) {
    const std::string build_id = os::program_build_id();
    std::memcpy(field, build_id.data(), std::min(build_id.size(), sizeof field));
}

[[noreturn]] void fail(const char* why) { throw DecodeError("decode", "bootstrap message", why); }

void check_maker(const BootstrapHead& head) {
    const BootstrapHead expected;
    if (std::memcmp(head.magic, expected.magic, sizeof head.magic) != 0)
        fail("it does not begin as one");
    BootstrapHead ours;
    put_build_id(ours.build_id);
    const bool same = head.version == expected.version && head.head_bytes == expected.head_bytes &&
                      std::memcmp(head.build_id, ours.build_id, sizeof head.build_id) == 0;
    if (same) return;
    throw VersionMismatch("decode", "bootstrap message",
                          "it was made by another build of this program");
}

}  // namespace

BootstrapHead head_for(std::span<const std::byte> bootstrap, std::span<const std::byte> state) {
    BootstrapHead head;
    head.bootstrap_bytes = bootstrap.size();
    head.state_bytes = state.size();
    head.checksum = checksum(state, checksum(bootstrap, checksum_start));
    put_build_id(head.build_id);
    return head;
}

ParsedBootstrap parse_bootstrap(std::span<const std::byte> message) {
    BootstrapHead head;
    if (message.size() < sizeof head) fail("it is too short");
    std::memcpy(&head, message.data(), sizeof head);
    check_maker(head);
    const std::size_t body = message.size() - sizeof head;
    if (head.bootstrap_bytes > body || head.state_bytes != body - head.bootstrap_bytes)
        fail("its lengths do not add up");
    const auto bootstrap = message.subspan(sizeof head, head.bootstrap_bytes);
    const auto state = message.subspan(sizeof head + head.bootstrap_bytes);
    if (checksum(state, checksum(bootstrap, checksum_start)) != head.checksum)
        fail("its checksum does not match");
    Reader reader(bootstrap, "bootstrap message");
    ParsedBootstrap parsed{decode<Bootstrap>(reader), state};
    reader.expect_end();
    if (parsed.bootstrap.handles.size() < (parsed.bootstrap.die_with_parent ? 2U : 1U))
        fail("handles are missing");
    return parsed;
}

}  // namespace procession::inline v0::detail::process
