// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace procession::inline v0::detail::transfer {

/// The requests to the broker, and its replies (helper/rpc.h).
///
///     client                                    broker
///     deposit   (the carrier, handles)
///     more      (further handles) ...
///                                               kept      token
///     fetch     token
///                                               here      (handles), `left` is 0 in the last one
///                                               later     in place of any of these: see below
///     take      token                           the same, and drops the deposit
///     release   token                           no answer
///     open_door (one end of a channel)          no answer
///     leave                                     kept      `left` others still need the broker
///
///     at a door
///     enter     (one end of a channel)          no answer: that channel is a client from now on
///
/// A door is a channel that a process shares with its children: a process that has been given it
/// may enter, whatever its user id, and whatever its network namespace, where the broker's name
/// means nothing.
///
/// "later": the system does not let the broker send handles now, because too many are under way
/// (os/channel.h); the parts of this answer that have come are void, and the client asks again.
///
/// A deposit belongs to a queue, its carrier: the memory file of the queue through which the item
/// with the token travels. Where handles do not travel in streams, it may also belong to the end of
/// a stream from which a message with the token is sent.

using Token = std::array<std::byte, 16>;

enum class Verb : std::uint32_t {
    deposit = 1,
    more,
    fetch,
    take,
    release,
    open_door,
    enter,
    leave
};

struct Request {
    std::uint32_t magic = 0x5052434b;  // "PRCK"
    std::uint32_t version = 2;
    Verb verb = Verb::deposit;
    std::uint32_t left = 0;  // deposit, more: how many handles follow in further records
    Token token{};
};
static_assert(sizeof(Request) == 32 && std::is_trivially_copyable_v<Request>);

enum class Answer : std::uint32_t { kept = 1, here, unknown, no_room, malformed, later };

struct Reply {
    std::uint32_t magic = 0x5052434b;
    Answer answer = Answer::malformed;
    std::uint32_t left = 0;
    std::uint32_t unused = 0;
    Token token{};
};
static_assert(sizeof(Reply) == 32 && std::is_trivially_copyable_v<Reply>);

/// A deposit has at most so many handles: each of them is one of the broker's, until it turns out
/// to be one that it has already.
inline constexpr std::uint32_t handles_per_deposit_max = 4096;

}  // namespace procession::inline v0::detail::transfer
