// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include "os/channel.h"
#include "os/handle.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::helper {

/// A helper and its clients exchange records: requests and replies of fixed size, in the machine's
/// byte order, one for each transfer (os/channel.h), with handles beside them. Where there are more
/// handles than one transfer takes, they go in batches, each with a record of its own, whose `left`
/// says how many handles follow.
template <class T>
concept Record = std::is_trivially_copyable_v<T> && requires(T record) {
    { record.magic } -> std::same_as<std::uint32_t&>;
};
template <class T>
concept RecordWithHandles = Record<T> && requires(T record) {
    { record.left } -> std::same_as<std::uint32_t&>;
};

template <Record R>
[[nodiscard]] std::span<const std::byte> bytes_of(const R& record) noexcept {
    return std::as_bytes(std::span(&record, 1));
}
/// Returns: nothing when the bytes, which another process wrote, have not the size and the magic
///          number of an R. The other fields are for the caller to check.
template <Record R>
[[nodiscard]] std::optional<R> record_from(std::span<const std::byte> bytes) noexcept {
    R record;
    if (bytes.size() != sizeof record) return std::nullopt;
    std::memcpy(&record, bytes.data(), sizeof record);
    if (record.magic != R{}.magic) return std::nullopt;
    return record;
}

enum class RpcFailure : std::uint8_t {
    none,
    gone,                // the peer has ended
    silent,              // the deadline passed first
    too_many_in_flight,  // of this user's handles (os/channel.h)
    lost_handles,        // they came along, but too many are open here; the record is lost, too
    malformed,           // what came is no such record
    system,              // see the error
};

/// Why a record was not sent or not received.
struct RpcProblem {
    RpcFailure failure = RpcFailure::none;
    std::error_code error;

    explicit operator bool() const noexcept { return failure != RpcFailure::none; }
};

/// The other side.
struct Peer {
    os::NativeHandle channel = os::no_handle;
    /// Of the peer's process, where it is known. It tells the end of the peer even when another
    /// process has a copy of the peer's end of the channel, which hides it (the program's own fork
    /// or spawn at the wrong moment).
    os::NativeHandle sentinel = os::no_handle;
};

/// How long a sender waits, at most, while too many handles are under way: that is not the peer's
/// fault, and need not end.
inline constexpr std::chrono::seconds patience_with_other_handles{10};

/// Sends one record and its handles, all or nothing.
[[nodiscard]] RpcProblem send_record(Peer peer, std::span<const std::byte> record,
                                     std::span<const os::NativeHandle> handles,
                                     Deadline deadline) noexcept;
/// Receives one record into `space`, cut to its size, and adds what came along to `handles`.
[[nodiscard]] RpcProblem receive_record(Peer peer, std::span<std::byte> space, std::size_t& got,
                                        std::vector<os::Handle>& handles,
                                        Deadline deadline) noexcept;

/// Sends the handles in batches: the first one beside `first`, the others beside copies of
/// `further`. `sent_some` tells whether the peer has got a part of them. Each batch may take as
/// long as `patience`.
template <RecordWithHandles R>
[[nodiscard]] RpcProblem send_in_batches(Peer peer, R first, R further,
                                         std::span<const os::NativeHandle> handles,
                                         std::chrono::nanoseconds patience, bool& sent_some) {
    R* next = &first;
    sent_some = false;
    do {
        const auto batch = handles.first(std::min(handles.size(), os::handles_per_transfer_max));
        handles = handles.subspan(batch.size());
        next->left = static_cast<std::uint32_t>(handles.size());
        if (const auto problem = send_record(peer, bytes_of(*next), batch, patience))
            return problem;
        sent_some = true;
        next = &further;
    } while (!handles.empty());
    return {};
}

template <Record R>
[[nodiscard]] RpcProblem receive(Peer peer, R& record, std::vector<os::Handle>& handles,
                                 Deadline deadline) noexcept {
    // One byte more than it has: a longer record is seen as one.
    std::array<std::byte, sizeof record + 1> space;
    std::size_t got = 0;
    if (const auto problem = receive_record(peer, space, got, handles, deadline)) return problem;
    const auto found = record_from<R>(std::span(space).first(got));
    if (!found) return {RpcFailure::malformed, std::make_error_code(std::errc::bad_message)};
    record = *found;
    return {};
}

/// The handles of one message, as they come in batches.
class IncomingHandles {
  public:
    explicit IncomingHandles(std::size_t most) noexcept : most_(most) {}

    /// Adds a batch. `left`: how many handles the record says follow; `lost_some`: not all of the
    /// batch's could be had here.
    /// Returns: false when this is not what the batches before announced, or too many.
    [[nodiscard]] bool add(std::vector<os::Handle> batch, std::uint32_t left, bool lost_some);
    /// Further batches must come.
    [[nodiscard]] bool are_under_way() const noexcept { return expected_.has_value(); }
    /// Of the message that is complete now. The next batch begins another message.
    [[nodiscard]] std::vector<os::Handle> take(bool& lost_some) noexcept;

  private:
    std::size_t most_;
    std::optional<std::uint32_t> expected_;
    std::vector<os::Handle> handles_;
    bool lost_some_ = false;
};

}  // namespace procession::inline v0::detail::helper
