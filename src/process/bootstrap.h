// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "procession/detail/launch.h"
#include "transfer/inherited_handle.h"

namespace procession::inline v0::detail::process {

/// The first message to a spawned child: its identity, and its task. The encoded callable and its
/// arguments, the state, follow it in the message.
struct Bootstrap {
    std::string name;
    std::string path;
    std::int32_t parent_pid = 0;
    std::string parent_name;
    std::uint8_t method = 0;  // how it is started
    std::uint8_t default_method = 0;
    std::uint8_t log_level = 0;
    bool die_with_parent = false;
    FunctionRef entry;
    std::string broker;      // of the family; empty while there is none
    std::int32_t door = -1;  // the index of the handle that leads to it; -1: there is none
    // Index 0 is the report channel's sender; 1 the lifeline, with die_with_parent.
    std::vector<transfer::InheritedHandle> handles;
};

/// The fixed head of the message, in the machine's byte order: both sides are the same executable.
///
///     0   8  magic "PRCSBOOT"
///     8   4  version
///     12  4  bytes of this head
///     16  8  bytes of the encoded Bootstrap, which follows
///     24  8  bytes of the state, which follows that and ends the message
///     32  8  checksum of both
///     40  64 build id of the program in hexadecimal, padded with zeros
struct BootstrapHead {
    char magic[8] = {'P', 'R', 'C', 'S', 'B', 'O', 'O', 'T'};
    std::uint32_t version = 1;
    std::uint32_t head_bytes = 104;
    std::uint64_t bootstrap_bytes = 0;
    std::uint64_t state_bytes = 0;
    std::uint64_t checksum = 0;
    char build_id[64] = {};
};
static_assert(sizeof(BootstrapHead) == 104);

[[nodiscard]] BootstrapHead head_for(std::span<const std::byte> bootstrap,
                                     std::span<const std::byte> state);

/// A message taken apart. `state` points into its bytes.
struct ParsedBootstrap {
    Bootstrap bootstrap;
    std::span<const std::byte> state;
};

/// Throws:  DecodeError when the bytes are no whole, undamaged message; VersionMismatch when they
///          were made by another build of the program.
[[nodiscard]] ParsedBootstrap parse_bootstrap(std::span<const std::byte> message);

}  // namespace procession::inline v0::detail::process
