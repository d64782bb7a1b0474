// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "os/handle.h"
#include "procession/deadline.h"

namespace procession::os {

/// A channel leads to another process, or to another part of this one, in both directions. It keeps
/// the borders of messages: one transfer is one message, of at most 64 KiB. Handles can travel
/// beside the bytes: the receiver gets handles of its own to the same objects.
///
/// None of these calls waits, but wait_to_send(); to receive, see os/wait.h. A vanished peer is no
/// signal.

/// The most handles that travel with one transfer.
inline constexpr std::size_t handles_per_transfer_max = 253;

/// Two ends that lead to each other.
[[nodiscard]] std::error_code create_record_channel(Handle& one, Handle& other) noexcept;

/// Sends as much of the parts, in order, as the system takes now. The handles go with the first
/// byte: all of them, or, when `sent` is 0, none.
/// Returns:  operation_would_block when nothing can be sent now; an error for which
///           are_too_many_under_way() is true when no handle can; broken_pipe or
///           connection_reset when the peer is gone; argument_list_too_long for too many
///           handles; other errors for channels and handles that cannot do this.
[[nodiscard]] std::error_code send_some(NativeHandle channel,
                                        std::span<const std::span<const std::byte>> parts,
                                        std::span<const NativeHandle> handles,
                                        std::size_t& sent) noexcept;

/// Whether handles could not be sent because too many of this user's are on their way: sent by any
/// of its programs, and not received. Linux allows an unprivileged user as many as the sender may
/// open files. This passes when a receiver takes some, and no event tells when.
[[nodiscard]] bool are_too_many_under_way(std::error_code problem) noexcept;
inline constexpr const char* too_many_under_way_text =
    "too many handles of this user are on their way, sent but not received: the kernel allows as "
    "many as a process may open files (ulimit -n). The receivers, here or in other programs of the "
    "user, are slow or stopped";

/// Whether all these handles could be on their way at once, as far as the moment tells.
/// Returns: no error; one for which are_too_many_under_way() is true; or another of the system.
[[nodiscard]] std::error_code try_to_hold(std::span<const NativeHandle> handles) noexcept;

/// Whether the channel is full, or too many handles are under way: a later attempt may succeed.
[[nodiscard]] bool is_back_pressure(std::error_code problem) noexcept;
/// After such a problem: waits until another attempt makes sense; for a moment where no event
/// tells.
/// Returns: false when the deadline passed first.
[[nodiscard]] bool wait_to_send(NativeHandle channel, std::error_code problem,
                                Deadline deadline) noexcept;

/// Receives the available bytes into `space`, and adds the handles that came with them to
/// `arrived`, closed on exec. A transfer with handles ends the result of a call, so the handles
/// belong to bytes of this call. `got` is 0 when the peer has ended its side and nothing is left.
/// Returns:  operation_would_block when there is nothing now; too_many_files_open when handles came
///           along but could not be had: they are gone then, the bytes are there.
[[nodiscard]] std::error_code receive_some(NativeHandle channel, std::span<std::byte> space,
                                           std::size_t& got, std::vector<Handle>& arrived) noexcept;

/// Whether a peer that runs as the superuser, which may do anything, counts as a stranger.
enum class Superuser : bool { stranger, welcome };

/// No error when the peer belonged, at the time when the channel was made, to the user of this
/// process; permission_denied when it did not; otherwise why that cannot be told. Only for channels
/// within one machine's kernel.
[[nodiscard]] std::error_code why_peer_is_a_stranger(
    NativeHandle channel, Superuser superuser = Superuser::stranger) noexcept;

/// The number of the user that this process acts for now; 0 is the superuser. Always the same where
/// a process cannot change it.
[[nodiscard]] std::uint32_t user_of_this_process() noexcept;

}  // namespace procession::os
