// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "os/handle.h"

namespace procession::os {

/// A channel is one end of a two-way stream of bytes to another process, or to another part of this
/// one. Handles can travel beside the bytes: the receiver gets handles of its own to the same
/// objects, also when the sender has ended since.
///
/// None of these calls waits; wait_ready() does (os/wait.h). A vanished peer is no signal.

/// The most handles that travel with one transfer.
inline constexpr std::size_t handles_per_transfer_max = 253;

/// Two ends that lead to each other.
[[nodiscard]] std::error_code create_channel(Handle& one, Handle& other) noexcept;

/// The same, but it keeps the borders of messages: one transfer is one message, of at most 64 KiB.
[[nodiscard]] std::error_code create_record_channel(Handle& one, Handle& other) noexcept;

/// Sends as much of the parts, in order, as the system takes now. The handles go with the first
/// byte: all of them, or, when `sent` is 0, none.
/// Returns:  operation_would_block when nothing can be sent now; broken_pipe or connection_reset
///           when the peer is gone; argument_list_too_long for too many handles; other errors for
///           channels and handles that cannot do this.
[[nodiscard]] std::error_code send_some(NativeHandle channel,
                                        std::span<const std::span<const std::byte>> parts,
                                        std::span<const NativeHandle> handles,
                                        std::size_t& sent) noexcept;

/// Receives into `space` what is there, and adds the handles that came with it to `arrived`, closed
/// on exec. A transfer with handles ends what one call gives, so they belong to bytes of this call.
/// `got` is 0 when the peer has ended its side and nothing is left.
/// Returns:  operation_would_block when there is nothing now; too_many_files_open when handles came
///           along but could not be had: they are gone then, the bytes are there.
[[nodiscard]] std::error_code receive_some(NativeHandle channel, std::span<std::byte> space,
                                           std::size_t& got, std::vector<Handle>& arrived) noexcept;

/// Ends one direction, for all who hold this end: the peer reads to the end, or cannot send.
void end_sending(NativeHandle channel) noexcept;
void end_receiving(NativeHandle channel) noexcept;

/// What one side of an end, its sending or its receiving, is to all processes that hold this end.
enum class Side : std::uint8_t { receiving, sending };

/// Tries to have one side to itself, among processes (not threads). It is given up by
/// unlock_side(), by the death of this process, and when this process closes any handle to the same
/// end.
/// Returns: device_or_resource_busy when another process has it.
[[nodiscard]] std::error_code try_lock_side(NativeHandle channel, Side side) noexcept;
void unlock_side(NativeHandle channel, Side side) noexcept;

/// A mark that all who hold this end see, and that survives the death of who made it: a message is
/// under way on this side.
void mark_under_way(NativeHandle channel, Side side, bool under_way) noexcept;
[[nodiscard]] bool is_under_way(NativeHandle channel, Side side) noexcept;

/// Nothing when the peer, at the time when the channel was made, belonged to the user of this
/// process; permission_denied when it did not; otherwise why that cannot be told. Only for channels
/// within one machine's kernel.
[[nodiscard]] std::error_code why_peer_is_a_stranger(NativeHandle channel) noexcept;

}  // namespace procession::os
