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

namespace procession::os {

/// Whether handles travel beside the bytes of a stream. Where they do not, another process keeps
/// them, and a note travels that says which one.
#ifdef _WIN32
inline constexpr bool handles_travel_in_streams = false;
#else
inline constexpr bool handles_travel_in_streams = true;
#endif

/// Handles and a note to go with the first byte that is sent: all of them, or, when nothing is
/// sent, none.
struct Beside {
    std::span<const NativeHandle> handles;  // where they travel; handles_per_transfer_max at most
    std::span<const std::byte> note;        // where they do not; note_bytes_max at most
};
inline constexpr std::size_t note_bytes_max = 1024;

/// The handles and the note that have come beside bytes.
struct CameBeside {
    std::vector<Handle> handles;
    std::vector<std::byte> note;
};

/// The two sides of an end. The state of a side is shared by all processes that hold the end.
enum class Side : std::uint8_t { receiving, sending };

/// Two ends that lead to each other.
[[nodiscard]] std::error_code create_stream(Handle& one, Handle& other) noexcept;

/// Whether a handle may be an end of a stream; whether any process holds the other end; the
/// identity of the other end; whether the same end is also held by another handle than this one.
/// Only where handles do not travel in streams; elsewhere no caller needs these answers.
[[nodiscard]] bool is_stream(const Handle& end) noexcept;
[[nodiscard]] bool has_peer(const Handle& end) noexcept;
[[nodiscard]] FileIdentity other_end_of(const FileIdentity& end) noexcept;
[[nodiscard]] bool has_other_holder(const Handle& end) noexcept;

/// Which end it is: handles to one end, in all processes, have the same identity. `label` is the
/// Stream::label() of that end.
[[nodiscard]] std::error_code identify_end(const Handle& end, std::string_view label,
                                           FileIdentity& identity) noexcept;

/// One end of a two-way stream of bytes to another process, or to another part of this one. Several
/// processes may hold the same end.
///
/// A vanished peer is no signal. wait_ready() (os/wait.h) tells when there is something to receive.
/// Threads: one may send while another receives; close() needs all other calls to be over.
class Stream {
  public:
    Stream() noexcept;
    ~Stream();
    Stream(Stream&& other) noexcept;
    Stream& operator=(Stream&& other) noexcept;
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    /// Takes over `end`; when this fails, `end` is left as it was.
    [[nodiscard]] static std::error_code open(Handle& end, std::string_view label,
                                              Stream& opened) noexcept;
    void close() noexcept;
    /// Closes the stream, and returns its end.
    [[nodiscard]] Handle release() noexcept;

    /// Travels with the handle, and says which end it is where the system no longer tells. Empty
    /// where the system always tells.
    [[nodiscard]] std::string label() const;

    [[nodiscard]] NativeHandle native_handle() const noexcept { return end_.get(); }

    /// Sends as much of the parts, in order, as the system takes at once; waits, until the
    /// deadline, for it to take something.
    /// Returns:  operation_would_block when it takes nothing until then, or an error for which
    ///           are_too_many_under_way() is true (os/channel.h); broken_pipe or connection_reset
    ///           when the peer is gone; argument_list_too_long for too many handles; other errors
    ///           for handles that cannot travel.
    [[nodiscard]] std::error_code send_within(std::span<const std::span<const std::byte>> parts,
                                              const Beside& beside, Deadline deadline,
                                              std::size_t& sent) noexcept;
    /// Receives the available bytes into `space`, and adds what came beside them to `beside`. Bytes
    /// with something beside them end the result of a call, so what is added belongs to bytes of
    /// this call. Does not wait. `got` is 0 when the peer has ended its side and nothing is left.
    /// Returns:  operation_would_block when there is nothing now; too_many_files_open when handles
    ///           came along but could not be had: they are gone then, the bytes are there.
    [[nodiscard]] std::error_code receive_some(std::span<std::byte> space, std::size_t& got,
                                               CameBeside& beside) noexcept;

    /// Ends one direction, for all holders of this end: the peer reads to the end, or cannot send.
    void end_sending() noexcept;
    void end_receiving() noexcept;

    /// Tries to lock one side for this process (not for a thread). The lock is given up by
    /// unlock_side(), by the death of this process, and when this process closes any handle to the
    /// same end.
    /// Returns: device_or_resource_busy when another process has it.
    [[nodiscard]] std::error_code try_lock_side(Side side) noexcept;
    void unlock_side(Side side) noexcept;

    /// A mark that all holders of this end see, and that survives the death of the process that
    /// made it: a message is under way on this side.
    void mark_under_way(Side side, bool under_way) noexcept;
    [[nodiscard]] bool is_under_way(Side side) const noexcept;

  private:
    struct Rest;  // what a system needs besides the handle

    Handle end_;
    std::unique_ptr<Rest> rest_;
};

}  // namespace procession::os
