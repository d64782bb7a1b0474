// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "os/handle.h"

namespace procession::os {

/// A channel leads to another process, or to another part of this one, in both directions. It keeps
/// the borders of messages: one transfer is one message, of at most 64 KiB. Handles can travel
/// beside the bytes: the receiver gets handles of its own to the same objects.
///
/// None of these calls waits; wait_ready() does (os/wait.h). A vanished peer is no signal.

/// The most handles that travel with one transfer.
inline constexpr std::size_t handles_per_transfer_max = 253;

/// Two ends that lead to each other.
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

/// Nothing when the peer, at the time when the channel was made, belonged to the user of this
/// process; permission_denied when it did not; otherwise why that cannot be told. Only for channels
/// within one machine's kernel.
[[nodiscard]] std::error_code why_peer_is_a_stranger(NativeHandle channel) noexcept;

}  // namespace procession::os
