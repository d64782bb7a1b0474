// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <span>
#include <vector>

#include "os/handle.h"
#include "os/memory_file.h"
#include "transfer/broker_protocol.h"

namespace procession::inline v0::detail::transfer {

/// What the broker holds: the handles of items that are in queues, and, where handles do not travel
/// in streams, of messages that are in connections.
///
/// Guarantees:
///   1. One handle for each open object, however many deposits name it.
///   2. A deposit is there until it is released, or dropped because no process is left that could
///      receive its item: the client that made it is gone, and no process has taken part in the
///      carrier in the last two looks; or the carrier is an end of a stream whose peer is
///      gone, or is here alone, in no deposit that can be received (an end that was sent through
///      itself).
///
/// Threads: one.
class BrokerTable {
  public:
    using Client = std::uint64_t;

    /// Keeps the handles, the first of which is the carrier: the file of a queue, or the sender's
    /// end of a stream. Throws: ValueError when it is neither.
    void add(const Token& token, Client client, std::vector<os::Handle> handles);
    /// The handles of a deposit; they stay the table's. Nothing when there is no such deposit.
    [[nodiscard]] const std::vector<os::NativeHandle>* find(const Token& token) const;
    void release(const Token& token);
    void client_is_gone(Client client);
    /// Drops the deposits that no process can receive any more. To be called every now and then.
    void drop_unreachable();

    /// Whether a process may still fetch a deposit, as far as one look tells.
    [[nodiscard]] bool has_reachable();
    [[nodiscard]] bool empty() const noexcept { return deposits_.empty(); }
    [[nodiscard]] std::size_t deposits() const noexcept { return deposits_.size(); }
    /// Objects and carriers: as many handles are open.
    [[nodiscard]] std::size_t handles() const noexcept { return objects_.size(); }

  private:
    struct Object {
        os::Handle handle;
        os::FileIdentity identity;
        std::size_t users = 0;
    };
    using ObjectAt = std::list<Object>::iterator;
    struct Deposit {
        Client client = 0;  // 0: gone
        ObjectAt carrier;
        std::vector<ObjectAt> objects;
        std::vector<os::NativeHandle> handles;  // parallel to objects
        bool travels_in_stream = false;
        bool can_be_received = true;  // at the last look
        bool seemed_unreachable = false;
    };
    using Deposits = std::map<Token, Deposit>;

    void find_receivable();
    [[nodiscard]] bool may_be_received(const Deposit& deposit, ObjectAt& receiving_end);
    [[nodiscard]] ObjectAt add_object(os::Handle handle);
    void drop_object(ObjectAt object);
    Deposits::iterator erase(Deposits::iterator at);

    std::list<Object> objects_;
    Deposits deposits_;
};

}  // namespace procession::inline v0::detail::transfer
