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
/// they survive their sender. It ends when it has neither clients nor deposits that a process could
/// fetch.
///
/// Guarantees:
///   1. Only processes of the same user, and of the superuser, are listened to, and those that such
///      a process has given a door to (keeper_protocol.h).
///   2. It never waits for one client: a malformed request, or an answer not received, ends that
///      client's connection, and nothing else.
///
/// Threads: one.
class Keeper {
  public:
    explicit Keeper(os::Handle rendezvous_socket)
        : rendezvous_socket_(std::move(rendezvous_socket)) {}

    void run();

  private:
    struct Peer {
        os::Handle channel;
        std::optional<std::uint32_t> expected;  // handles of a deposit that is under way
        std::vector<os::Handle> handles;
        bool lost_some = false;  // of them: too many were open
        bool is_door = false;    // is no client: its process may never come in
        bool leaves = false;
    };
    using Peers = std::map<KeeperTable::Client, Peer>;

    void admit_all();
    void let_in(os::Handle channel, bool as_door);
    [[nodiscard]] std::uint32_t clients() const noexcept;
    void answer_those_who_leave();
    /// Returns: false when the peer is gone, or has to go.
    bool serve(KeeperTable::Client client, Peer& peer);
    bool obey(KeeperTable::Client client, Peer& peer, const Request& request,
              std::vector<os::Handle> handles);
    bool go_on_with_deposit(KeeperTable::Client client, Peer& peer, const Request& request,
                            std::vector<os::Handle> handles);
    bool give(Peer& peer, const Token& token, void (KeeperTable::*afterwards)(const Token&));
    static bool may_stay(std::error_code problem);
    static std::error_code send_handles(const Peer& peer, const Reply& reply,
                                        std::span<const os::NativeHandle> handles);
    static bool send(const Peer& peer, const Reply& reply);

    os::Handle rendezvous_socket_;
    KeeperTable table_;
    Peers peers_;
    KeeperTable::Client peers_so_far_ = 0;
    std::vector<KeeperTable::Client> leaving_;  // those that wait for an answer
    bool says_it_is_full_ = false;              // once is enough for the log
    bool says_it_refuses_ = false;
};

}  // namespace procession::handoff
