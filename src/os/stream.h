// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "os/handle.h"
#include "os/memory_file.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::os {

/// Whether a stream can carry handles. If not, the caller deposits them with another process, and
/// the stream carries the key of that deposit.
#ifdef _WIN32
inline constexpr bool streams_carry_handles = false;
#else
inline constexpr bool streams_carry_handles = true;
#endif

/// What is sent with the first byte of a transfer: all of it or, when nothing is sent, none.
struct AncillaryData {
    std::span<const NativeHandle> handles;   // if streams carry handles; handles_per_transfer_max
    std::span<const std::byte> deposit_key;  // if not; deposit_key_bytes_max at most
};
inline constexpr std::size_t deposit_key_bytes_max = 1024;

struct ReceivedAncillaryData {
    std::vector<Handle> handles;
    std::vector<std::byte> deposit_key;
};

/// The two sides of an end. All processes that hold the end share the state of a side.
enum class Side : std::uint8_t { receiving, sending };

/// Creates the two ends of a stream.
[[nodiscard]] std::error_code create_stream_pair(Handle& one, Handle& other) noexcept;

/// Whether a handle may be an end of a stream; whether any process holds the other end; the
/// identity of the other end; whether any other handle refers to the same end. Only for systems
/// whose streams do not carry handles; on others no caller needs the answers.
[[nodiscard]] bool is_stream(const Handle& end) noexcept;
[[nodiscard]] bool has_peer(const Handle& end) noexcept;
[[nodiscard]] FileIdentity other_end_of(const FileIdentity& end) noexcept;
[[nodiscard]] bool has_other_holder(const Handle& end) noexcept;

/// The identity of an end: handles to one end, in all processes, have the same identity. `label` is
/// the Stream::label() of that end.
[[nodiscard]] std::error_code identify_end(const Handle& end, std::string_view label,
                                           FileIdentity& identity) noexcept;

/// One end of a bidirectional stream of bytes between two processes, or two parts of one. Several
/// processes may hold the same end.
///
/// No call raises a signal when the peer is gone. To wait for bytes, see wait_ready() (os/wait.h).
/// Threads: one may send while another receives. close() only when no other call is running.
class Stream {
  public:
    Stream() noexcept;
    ~Stream();
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&& other) noexcept;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Takes over `end`, which is left unchanged on failure.
    [[nodiscard]] static std::error_code open(Handle& end, std::string_view label,
                                              Stream& opened) noexcept;
    void close() noexcept;
    /// Closes the stream, and returns its end.
    [[nodiscard]] Handle release() noexcept;

    /// Must be sent along when the handle is passed on. It identifies the end where the system may
    /// lose track of that; empty on other systems.
    [[nodiscard]] std::string label() const;

    [[nodiscard]] NativeHandle native_handle() const noexcept { return end_.get(); }

    /// Sends as much of the parts, in order, as the system accepts at once. If it accepts nothing
    /// now, waits until the deadline for it to accept something.
    /// Returns:  operation_would_block, or an error for which are_too_many_in_flight() is true
    ///           (os/channel.h), when it accepts nothing until then; broken_pipe or
    ///           connection_reset when the peer is gone; argument_list_too_long for too many
    ///           handles; other errors when a handle cannot be sent.
    [[nodiscard]] std::error_code send_within(std::span<const std::span<const std::byte>> parts,
                                              const AncillaryData& ancillary, Deadline deadline,
                                              std::size_t& sent) noexcept;
    /// Receives the available bytes into `space`, and appends the ancillary data that came with
    /// them. One call never returns bytes from behind a transfer with ancillary data, so that data
    /// belongs to the bytes of this call. Does not wait. `got` is 0 when the peer has ended its
    /// side and everything has been received. Returns:  operation_would_block when there is nothing
    /// to receive now; too_many_files_open
    ///           when handles came but could not be opened: they are lost, while the bytes are
    ///           received.
    [[nodiscard]] std::error_code receive_some(std::span<std::byte> space, std::size_t& got,
                                               ReceivedAncillaryData& ancillary) noexcept;

    /// Ends one direction, for all holders of this end: the peer reads to the end, or cannot send.
    void end_sending() noexcept;
    void end_receiving() noexcept;

    /// Tries to lock one side for this process (not for one thread). The lock is released by
    /// unlock_side(), by the death of this process, and when this process closes any handle to the
    /// same end.
    /// Returns: device_or_resource_busy when another process holds the lock.
    [[nodiscard]] std::error_code try_lock_side(Side side) noexcept;
    void unlock_side(Side side) noexcept;

    /// Whether a message is in progress on this side: a flag that all holders of the end share, and
    /// that survives the death of the process that set it.
    void set_in_progress(Side side, bool in_progress) noexcept;
    [[nodiscard]] bool is_in_progress(Side side) const noexcept;

  private:
    Handle end_;
#ifdef _WIN32
    struct Impl;  // what Linux keeps in the socket

    std::unique_ptr<Impl> impl_;
#endif
};

}  // namespace procession::inline v0::detail::os
