// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "helper/rpc.h"

#include <iterator>

#include "os/wait.h"
#include "os/would_block.h"

namespace procession::inline v0::detail::helper {

namespace {

bool is_end(std::error_code problem) noexcept {
    return !problem || problem == std::errc::broken_pipe ||
           problem == std::errc::connection_reset || problem == std::errc::not_connected;
}

RpcProblem problem_from(std::error_code problem) noexcept {
    return {is_end(problem) ? RpcFailure::gone : RpcFailure::system, problem};
}

RpcProblem wait_for(Peer peer, os::Direction direction, Deadline deadline) noexcept {
    std::array<os::Watched, 2> watched{{{peer.channel, direction}, {peer.sentinel}}};
    const bool has_sentinel = peer.sentinel != os::no_handle;
    if (!os::wait_any(std::span(watched).first(has_sentinel ? 2 : 1), deadline))
        return {RpcFailure::silent, std::make_error_code(std::errc::timed_out)};
    if (watched[1].ready && !watched[0].ready) return {RpcFailure::gone, {}};
    return {};
}

Deadline earlier(Deadline one, Deadline other) {
    return one.time_point() < other.time_point() ? one : other;
}

}  // namespace

RpcProblem send_record(Peer peer, std::span<const std::byte> record,
                       std::span<const os::NativeHandle> handles, Deadline deadline) noexcept {
    const std::array parts{record};
    const Deadline others = earlier(deadline, patience_with_other_handles);
    for (;;) {
        std::size_t sent = 0;
        const auto problem = os::send_some(peer.channel, parts, handles, sent);
        if (!problem) return {};
        if (os::are_too_many_in_flight(problem)) {
            if (!os::wait_to_send(peer.channel, problem, others))
                return {RpcFailure::too_many_in_flight, problem};
        } else if (!os::is_back_pressure(problem)) {
            return problem_from(problem);
        } else if (const auto never = wait_for(peer, os::Direction::writing, deadline)) {
            return never;
        }
    }
}

RpcProblem receive_record(Peer peer, std::span<std::byte> space, std::size_t& got,
                          std::vector<os::Handle>& handles, Deadline deadline) noexcept {
    for (;;) {
        const auto problem = os::receive_some(peer.channel, space, got, handles);
        if (!problem && got != 0) return {};
        if (problem == std::errc::too_many_files_open) return {RpcFailure::lost_handles, problem};
        if (!problem || !os::is_would_block(problem)) return problem_from(problem);
        if (const auto never = wait_for(peer, os::Direction::reading, deadline)) return never;
    }
}

bool IncomingHandles::add(std::vector<os::Handle> batch, std::uint32_t left, bool lost_some) {
    lost_some_ = lost_some_ || lost_some;
    const bool is_as_announced = !expected_ || *expected_ == batch.size() + left;
    if (!lost_some_ && (batch.empty() || !is_as_announced)) return false;
    if (left > most_) return false;
    handles_.insert(handles_.end(), std::make_move_iterator(batch.begin()),
                    std::make_move_iterator(batch.end()));
    if (left == 0) {
        expected_.reset();
        return true;
    }
    expected_ = left;
    return handles_.size() <= most_;
}

std::vector<os::Handle> IncomingHandles::take(bool& lost_some) noexcept {
    lost_some = std::exchange(lost_some_, false);
    return std::exchange(handles_, {});
}

}  // namespace procession::inline v0::detail::helper
