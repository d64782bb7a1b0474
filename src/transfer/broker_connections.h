// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/fork_local.h"
#include "base/process_singleton.h"
#include "helper/helper_process.h"
#include "os/at_fork.h"
#include "os/handle.h"
#include "procession/deadline.h"
#include "transfer/broker_connection.h"

namespace procession::inline v0::detail::transfer {

/// All brokers that this process knows: the one of its family, which it starts when there is none,
/// and those of processes whose items it has received.
///
/// Threads: any.   Fork: the child closes its connections, and makes new ones.
class BrokerConnections final : public os::LockedAcrossForks {
  public:
    [[nodiscard]] static BrokerConnections& of_this_process() {
        return base::ProcessSingleton<BrokerConnections>::instance();
    }

    /// The connection that all threads share.
    /// Throws: PeerGone when no process listens there; OSError when this process cannot go there.
    [[nodiscard]] std::shared_ptr<BrokerConnection> to(const std::string& broker);

    /// A connection for one deposit alone, with its number; see drop(). Throws: as to().
    using Numbered = std::pair<std::uint64_t, std::shared_ptr<BrokerConnection>>;
    [[nodiscard]] Numbered for_one_deposit(const std::string& broker);
    /// Whether the connection of that number is open on both sides.
    [[nodiscard]] bool stands(std::uint64_t number);
    void drop(std::uint64_t number) noexcept;

    /// The name of the family's broker; empty while there is none.
    [[nodiscard]] std::string family();
    void join_family(std::string broker, os::Handle door);
    /// no_handle where there is no door.
    [[nodiscard]] os::NativeHandle door_of_family();
    /// The broker of the family; a new one when there is none, or when it is `gone`.
    /// Throws: SharingError without init(); ProcessError, OSError when the system refuses.
    [[nodiscard]] std::string start_unless(const std::string& gone);
    /// The brokers that this process has started.
    [[nodiscard]] helper::HelperProcess& process() noexcept { return process_; }

    void close_all() noexcept;
    /// Closes all, and asks the broker of the family until the deadline.
    /// Returns: whether that broker ends as well now, because no other process needs it.
    /// Throws:  PeerGone; as receive_reply().
    [[nodiscard]] bool leave(Deadline deadline);

  private:
    friend class base::ProcessSingleton<BrokerConnections>;
    BrokerConnections() noexcept;

    enum class When : std::uint8_t { always, user_changed };

    [[nodiscard]] std::shared_ptr<BrokerConnection> start_with_client(const std::string& name);
    [[nodiscard]] os::Handle connect(const std::string& broker);
    [[nodiscard]] os::Handle enter_by_door(const std::string& broker, When when);
    void open_door(const std::string& broker, BrokerConnection& connection);
    void take_door(os::Handle door, const std::string& leads_to);  // lock held
    void after_fork_in_child() noexcept override;

    helper::HelperProcess process_;
    base::ForkSafeMutex starting_;  // one thread at a time
    // Under lock_, after which the locks of connections come:
    std::string family_;
    std::map<std::string, std::shared_ptr<BrokerConnection>> shared_;
    std::map<std::uint64_t, std::shared_ptr<BrokerConnection>> numbered_;
    std::uint64_t last_number_ = 0;
    // The way in for this process and its children, wherever they go; a fork child has it, too.
    os::Handle door_;
    std::string leads_to_;         // the name of that broker
    std::uint32_t door_user_ = 0;  // of the process that got the door
};

}  // namespace procession::inline v0::detail::transfer
