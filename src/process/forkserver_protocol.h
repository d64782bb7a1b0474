// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

namespace procession::inline v0::detail::process {

/// The requests to the forkserver, and its answers (helper/rpc.h). Both sides are the same
/// executable.
///
///     parent                                              forkserver
///     request   (the bootstrap message, the status        forks
///                channel's writer, the child's handles)
///     request   (further handles) ...
///                                                         answer    pid (sentinel), or the problem
///     cancel    (when the answer cannot be held)          kills the child of its last answer
///
/// When the child has ended, its exit status comes on its status channel, and the channel ends.

enum class ForkVerb : std::uint32_t { start = 1, cancel = 2 };

struct ForkRequest {
    std::uint32_t magic = 0x50524346;  // "FCRP"
    ForkVerb verb = ForkVerb::start;
    std::uint32_t left = 0;  // handles that follow in further records
};
static_assert(sizeof(ForkRequest) == 12 && std::is_trivially_copyable_v<ForkRequest>);

struct ForkAnswer {
    std::uint32_t magic = 0x50524346;
    std::int32_t pid = 0;      // 0: there is no child
    std::int32_t problem = 0;  // what the system said; 0: see `text`
    std::array<char, 500> text{};
};
static_assert(sizeof(ForkAnswer) == 512 && std::is_trivially_copyable_v<ForkAnswer>);

inline constexpr std::uint32_t handles_per_child_max = 65536;

}  // namespace procession::inline v0::detail::process
