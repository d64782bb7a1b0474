// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <span>
#include <utility>
#include <vector>

#include "base/fork_local.h"
#include "helper/rpc.h"
#include "os/handle.h"
#include "os/wait.h"
#include "procession/deadline.h"
#include "transfer/broker_protocol.h"

namespace procession::inline v0::detail::transfer {

inline constexpr std::chrono::seconds broker_patience{10};  // with a broker that is stopped

/// One connection to one broker. It is closed by everything that fails: a late reply would be taken
/// for that to another request.
///
/// Threads: one at a time, which holds lock().
/// Fork:    the child closes it, whatever another thread of the parent was doing with it.
class BrokerConnection {
  public:
    explicit BrokerConnection(os::Handle channel) noexcept : channel_(std::move(channel)) {}

    [[nodiscard]] base::ForkSafeMutex& lock() noexcept { return lock_; }
    [[nodiscard]] bool is_closed() const noexcept { return !channel_.valid(); }
    void close() noexcept { channel_.reset(); }
    void after_fork_in_child() noexcept {
        lock_.reset_after_fork();
        close();
    }
    /// For a connection on which no request is made any more: anything that comes is its end.
    [[nodiscard]] bool has_ended() const noexcept {
        return is_closed() || os::wait_readable(channel_.get(), Deadline::now());
    }

    /// Throws: PeerGone; OSError when the broker does not take it; TimeoutError when too many
    ///         handles are under way (os/channel.h).
    void send_request(const Request& request, std::span<const os::NativeHandle> handles = {});
    /// The same in batches: `first` is the request of the first one.
    void send_in_batches(const Request& first, const Request& further,
                         std::span<const os::NativeHandle> handles);
    /// The same for a request that may be lost: one attempt, without waiting.
    /// Returns: whether it was sent.
    [[nodiscard]] bool try_send_request(const Request& request,
                                        std::span<const os::NativeHandle> handles) noexcept;
    /// Adds what came along to `handles`.
    /// Throws: PeerGone; OSError; SharingError for what is no reply.
    [[nodiscard]] Reply receive_reply(std::vector<os::Handle>& handles,
                                      Deadline deadline = broker_patience);

  private:
    [[nodiscard]] helper::Peer broker() const noexcept { return {channel_.get()}; }
    void expect(const helper::RpcProblem& none);

    base::ForkSafeMutex lock_;
    os::Handle channel_;
};

}  // namespace procession::inline v0::detail::transfer
