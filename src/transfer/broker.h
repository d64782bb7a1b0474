// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string_view>
#include <system_error>
#include <vector>

#include "helper/helper_server.h"
#include "helper/program.h"
#include "helper/rpc.h"
#include "os/handle.h"
#include "transfer/broker_protocol.h"
#include "transfer/broker_table.h"

namespace procession::inline v0::detail::transfer {

inline constexpr helper::Role broker_role{"broker", "the broker of queued handles"};

/// The broker is a process of its own that holds the handles of queued items, so that they survive
/// their sender. It ends when it has neither clients nor deposits that a process could fetch.
///
/// Guarantees:
///   1. Only processes of the same user, and of the superuser, are listened to, and those that such
///      a process has given a door to (broker_protocol.h).
///   2. It never waits for one client: a malformed request, or a reply not received, ends that
///      client's connection, and nothing else.
///
/// Threads: one.
class HandleBroker {
  public:
    explicit HandleBroker(os::Handle rendezvous) { server_.listen_at(std::move(rendezvous)); }

    /// The whole life of the broker.
    void run();

  private:
    using Client = helper::HelperServer::Client;
    using Message = helper::HelperServer::Message;
    /// What is known of one that has sent something.
    struct Peer {
        helper::IncomingHandles handles{handles_per_deposit_max};  // of a deposit that is under way
        bool is_door = false;  // is no client: its process may never come in
        bool leaves = false;
    };

    void add(os::Handle channel, bool as_door);
    void remove(Client client);
    [[nodiscard]] std::uint32_t clients() const noexcept;
    void reply_to_leaving();
    /// These return false when the peer has ended, or has to go.
    bool serve(Message& message);
    bool obey(Message& message, const Request& request);
    bool continue_deposit(Message& message, const Request& request);
    bool give(Client client, const Token& token, void (BrokerTable::*afterwards)(const Token&));
    [[nodiscard]] bool reply(Client client, const Reply& reply) const;

    helper::HelperServer server_{"broker"};
    BrokerTable table_;
    std::map<Client, Peer> peers_;
    std::vector<Client> leaving_;  // those that wait for a reply
};

/// The main function of a broker process: `descriptor` names its rendezvous socket.
[[noreturn]] void run_broker(std::string_view descriptor) noexcept;

}  // namespace procession::inline v0::detail::transfer
