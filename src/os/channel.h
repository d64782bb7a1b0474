// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>
#include <vector>

#include "os/handle.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::os {

/// A channel connects two processes, or two parts of one, in both directions. It preserves message
/// boundaries: one transfer is one message, of at most 64 KiB. Handles can be sent with the bytes:
/// the receiver gets its own handles to the same objects.
///
/// Only wait_to_send() waits; to wait for a message, see os/wait.h. No call raises a signal when
/// the peer is gone.

/// How many handles one transfer can carry.
inline constexpr std::size_t handles_per_transfer_max = 253;

/// Creates the two ends of a channel.
[[nodiscard]] std::error_code create_channel_pair(Handle& one, Handle& other) noexcept;

/// Sends as much of the parts, in order, as the system accepts now. The handles are sent with the
/// first byte: all of them or, when `sent` is 0, none.
/// Returns:  operation_would_block when nothing can be sent now; an error for which
///           are_too_many_in_flight() is true when no handle can be sent now; broken_pipe or
///           connection_reset when the peer is gone; argument_list_too_long for too many handles;
///           other errors when the channel or a handle is unsuitable.
[[nodiscard]] std::error_code send_some(NativeHandle channel,
                                        std::span<const std::span<const std::byte>> parts,
                                        std::span<const NativeHandle> handles,
                                        std::size_t& sent) noexcept;

/// Whether handles could not be sent because too many handles of this user are in flight: sent by
/// any of the user's processes, but not yet received. Linux allows an unprivileged user as many as
/// the sender may open files. The limit is lifted when receivers take some; no event tells when.
[[nodiscard]] bool are_too_many_in_flight(std::error_code problem) noexcept;
inline constexpr const char* too_many_in_flight_text =
    "too many handles of this user are in flight, sent but not received: the kernel allows as many "
    "as a process may open files (ulimit -n). The receivers, here or in other programs of the "
    "user, are slow or stopped";

/// Whether all these handles could be in flight at once, judging by the present moment.
/// Returns: no error if so; an error for which are_too_many_in_flight() is true if not; or another
/// error of the system.
[[nodiscard]] std::error_code check_in_flight_limit(std::span<const NativeHandle> handles) noexcept;

/// Whether the channel is full, or too many handles are in flight: a later attempt may succeed.
[[nodiscard]] bool is_back_pressure(std::error_code problem) noexcept;
/// After such a problem: waits until another attempt may succeed. If no event tells when, this is a
/// short sleep.
/// Returns: false when the deadline passed first.
[[nodiscard]] bool wait_to_send(NativeHandle channel, std::error_code problem,
                                Deadline deadline) noexcept;

/// Receives the available bytes into `space`, and appends the handles that came with them to
/// `arrived`, closed on exec. One call never returns bytes from behind a transfer that carried
/// handles, so the handles belong to the bytes of this call. `got` is 0 when the peer has ended its
/// side and everything has been received.
/// Returns:  operation_would_block when there is nothing to receive now; too_many_files_open when
///           handles came but could not be opened: they are lost, while the bytes are received.
[[nodiscard]] std::error_code receive_some(NativeHandle channel, std::span<std::byte> space,
                                           std::size_t& got, std::vector<Handle>& arrived) noexcept;

/// Whether check_peer_user() accepts a peer of the superuser, who may do anything anyway.
enum class Superuser : bool { refused, accepted };

/// Checks that the peer's user, when the channel was made, was the user of this process. Only for
/// channels within one machine's kernel.
/// Returns: permission_denied when it was another user; another error when the system does not
/// tell.
[[nodiscard]] std::error_code check_peer_user(NativeHandle channel,
                                              Superuser superuser = Superuser::refused) noexcept;

/// The effective user id of this process; 0 is the superuser. Constant where a process cannot
/// change it.
[[nodiscard]] std::uint32_t effective_user_id() noexcept;

}  // namespace procession::inline v0::detail::os
