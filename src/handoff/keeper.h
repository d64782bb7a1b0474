// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "handoff/keeper_protocol.h"
#include "handoff/keeper_table.h"
#include "os/handle.h"

namespace procession::handoff {

/// The keeper's whole life: a process of its own that holds the handles of queued items, so that
/// they survive their sender. It ends when it has neither clients nor deposits that anybody could
/// fetch.
///
/// Guarantees:
///   1. Only processes of the same user are listened to.
///   2. It never waits for one client: what is malformed, or not received, ends that client's
///      connection, and nothing else.
///
/// Threads: one.
class Keeper {
  public:
    explicit Keeper(os::Handle meeting_point) : meeting_point_(std::move(meeting_point)) {}

    void run();

  private:
    struct Peer {
        os::Handle channel;
        std::optional<std::uint32_t> expected;  // handles of a deposit that is under way
        std::vector<os::Handle> handles;
        bool lost_some = false;  // of them: too many were open
    };
    using Peers = std::map<KeeperTable::Client, Peer>;

    void admit_all();
    /// Returns: false when the peer is gone, or has to go.
    bool serve(KeeperTable::Client client, Peer& peer);
    bool obey(KeeperTable::Client client, Peer& peer, const Request& request,
              std::vector<os::Handle> handles);
    bool go_on_with_deposit(KeeperTable::Client client, Peer& peer, const Request& request,
                            std::vector<os::Handle> handles);
    bool give(Peer& peer, const Token& token);
    static bool send(const Peer& peer, const Reply& reply,
                     std::span<const os::NativeHandle> handles = {});

    os::Handle meeting_point_;
    KeeperTable table_;
    Peers peers_;
    KeeperTable::Client peers_so_far_ = 0;
    bool says_it_is_full_ = false;  // once is enough for the log
};

}  // namespace procession::handoff
