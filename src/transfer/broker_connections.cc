// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "transfer/broker_connections.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <mutex>
#include <system_error>
#include <vector>

#include "base/hexadecimal.h"
#include "os/channel.h"
#include "os/random.h"
#include "os/rendezvous.h"
#include "os/wait.h"
#include "os/would_block.h"
#include "procession/error.h"
#include "transfer/broker.h"

namespace procession::inline v0::detail::transfer {

namespace {

constexpr std::chrono::milliseconds kCourtesy{10};  // for a process that can receive the item

/// "procession-<random>-<realm>". Where no broker has this name, the realm explains why.
std::string fresh_broker_name() {
    std::array<std::byte, 16> random;
    if (const auto problem = os::fill_random(random))
        throw OSError(problem, "start", "broker", "the system gives no random bytes");
    return "procession-" + base::hexadecimal(random) + "-" +
           std::to_string(os::rendezvous_namespace());
}

// A name without a realm was not given by this library.
bool is_elsewhere(const std::string& broker) {
    const std::uint64_t here = os::rendezvous_namespace();
    const std::size_t end = broker.rfind('-');
    std::uint64_t there = 0;
    const char* const last = broker.data() + broker.size();
    const auto read =
        std::from_chars(broker.data() + std::min(end, broker.size() - 1) + 1, last, there);
    const bool has_realm = !broker.empty() && read.ec == std::errc() && read.ptr == last;
    return has_realm && here != 0 && there != 0 && here != there;
}

os::Handle connect_to(const std::string& broker, std::error_code& problem) {
    const Deadline deadline = broker_patience;
    for (;;) {
        os::Handle channel;
        problem = os::connect_to_rendezvous(broker, channel);
        if (!problem || !os::is_would_block(problem) || deadline.expired()) return channel;
        static_cast<void>(os::wait_readable(os::no_handle, std::chrono::milliseconds(1)));
    }
}

// Waits a moment first, so that an item that goes back at once finds another taker.
[[noreturn]] void fail_here(std::errc problem, const char* text) {
    static_cast<void>(os::wait_readable(os::no_handle, kCourtesy));
    throw OSError(std::make_error_code(problem), "go to", "broker", text);
}

}  // namespace

BrokerConnections::BrokerConnections() noexcept : process_(broker_role) { start_listening(); }

std::shared_ptr<BrokerConnection> BrokerConnections::to(const std::string& broker) {
    {
        const std::lock_guard guard(lock_);
        const auto found = shared_.find(broker);
        if (found != shared_.end() && !found->second->is_closed()) return found->second;
    }
    auto made = std::make_shared<BrokerConnection>(connect(broker));
    {
        const std::lock_guard guard(lock_);
        shared_[broker] = made;
    }
    if (broker == family()) open_door(broker, *made);
    return made;
}

BrokerConnections::Numbered BrokerConnections::for_one_deposit(const std::string& broker) {
    auto made = std::make_shared<BrokerConnection>(connect(broker));
    const std::lock_guard guard(lock_);
    numbered_[++last_number_] = made;
    return {last_number_, std::move(made)};
}

bool BrokerConnections::stands(std::uint64_t number) {
    const std::lock_guard guard(lock_);
    const auto found = numbered_.find(number);
    return found != numbered_.end() && !found->second->has_ended();
}

void BrokerConnections::drop(std::uint64_t number) noexcept {
    const std::lock_guard guard(lock_);
    numbered_.erase(number);
}

std::string BrokerConnections::family() {
    const std::lock_guard guard(lock_);
    return family_;
}

void BrokerConnections::join_family(std::string broker, os::Handle door) {
    const std::lock_guard guard(lock_);
    family_ = std::move(broker);
    if (door.valid()) take_door(std::move(door), family_);
}

os::NativeHandle BrokerConnections::door_of_family() {
    const std::lock_guard guard(lock_);
    return leads_to_ == family_ ? door_.get() : os::no_handle;
}

void BrokerConnections::take_door(os::Handle door, const std::string& leads_to) {
    door_ = std::move(door);
    leads_to_ = leads_to;
    door_user_ = os::effective_user_id();
}

std::string BrokerConnections::start_unless(const std::string& gone) {
    const std::lock_guard one_at_a_time(starting_);
    std::string known = family();
    if (!known.empty() && known != gone) return known;
    if (!helper::can_start(broker_role)) {
        throw SharingError("start", "broker",
                           "to put queues, connections or handles into queues, call "
                           "procession::init(argc, argv) as the first line of main");
    }
    helper::refuse_to_start_again(broker_role);
    const std::string name = fresh_broker_name();
    if (const auto problem = process_.make_rendezvous(name))
        throw OSError(problem, "start", "broker", "cannot make a place to meet it");
    const auto connection = start_with_client(name);
    join_family(name, {});
    open_door(name, *connection);
    return name;
}

// The client comes before the broker runs, so that it is never without one.
std::shared_ptr<BrokerConnection> BrokerConnections::start_with_client(
    const std::string& name) try {
    auto connection = to(name);
    const auto problem = process_.start();
    if (!problem) return connection;
    throw ProcessError(
        problem, "start", "broker",
        helper::has_image(broker_role)
            ? "the system does not let programs run from memory (the sysctl vm.memfd_noexec, or a "
              "security module): queues cannot be put into queues here; hand them to processes as "
              "arguments instead"
            : "the system refused to start the program");
} catch (...) {
    process_.discard();
    throw;
}

// By its name. Where that is not known, or the broker belongs to another user, by the door.
os::Handle BrokerConnections::connect(const std::string& broker) {
    if (os::Handle channel = enter_by_door(broker, When::user_changed); channel.valid())
        return channel;
    std::error_code problem;
    os::Handle channel = connect_to(broker, problem);
    if (problem && problem != std::errc::connection_refused)
        throw OSError(problem, "go to", "broker", "the system refuses");
    // What a superuser's process may do is not decided here.
    const bool is_there = channel.valid();
    const bool may_go_anywhere = os::effective_user_id() == 0;
    if (is_there && (may_go_anywhere || !os::check_peer_user(channel.get()))) return channel;
    channel = enter_by_door(broker, When::always);
    if (channel.valid()) return channel;
    if (is_there) {
        fail_here(std::errc::permission_denied,
                  "the process that holds the handles of queued items belongs to another user than "
                  "this process, which changed its user id, or was started, before the first queue "
                  "was put into a queue; put one before that. The item can be received elsewhere");
    }
    if (is_elsewhere(broker)) {
        fail_here(std::errc::host_unreachable,
                  "the process that holds the handles of queued items is in another network "
                  "namespace than this process, which changed it, or was started, before the first "
                  "queue was put into a queue; put one before that. The item can be received "
                  "elsewhere");
    }
    throw helper::PeerGone{};
}

// Returns an invalid handle when no door leads there.
os::Handle BrokerConnections::enter_by_door(const std::string& broker, When when) {
    os::Handle door;
    {
        const std::lock_guard guard(lock_);
        const bool wanted = when == When::always || door_user_ != os::effective_user_id();
        if (wanted && leads_to_ == broker && door_.valid()) door = door_.duplicate();
    }
    if (!door.valid()) return {};
    os::Handle ours;
    os::Handle its;
    if (const auto problem = os::create_channel_pair(ours, its))
        throw OSError(problem, "go to", "broker", "cannot make a channel to it");
    BrokerConnection through(std::move(door));
    const os::NativeHandle handles[] = {its.get()};
    through.send_request({.verb = Verb::enter}, handles);
    return ours;
}

// Without a door, children that change their user id or network namespace have no way in. No error.
void BrokerConnections::open_door(const std::string& broker, BrokerConnection& connection) {
    if (!os::can_leave_rendezvous_namespace) return;
    {
        const std::lock_guard guard(lock_);
        if (door_.valid() && leads_to_ == broker) return;
    }
    os::Handle ours;
    os::Handle its;
    if (os::create_channel_pair(ours, its)) return;
    {
        const std::lock_guard asking(connection.lock());
        const os::NativeHandle handles[] = {its.get()};
        if (connection.is_closed() ||
            !connection.try_send_request({.verb = Verb::open_door}, handles))
            return;
    }
    const std::lock_guard guard(lock_);
    take_door(std::move(ours), broker);
}

void BrokerConnections::close_all() noexcept {
    const std::lock_guard guard(lock_);
    for (auto& [broker, connection] : shared_) {
        const std::lock_guard asking(connection->lock());
        connection->close();
    }
    shared_.clear();
    numbered_.clear();
    door_.reset();
}

bool BrokerConnections::leave(Deadline deadline) {
    std::shared_ptr<BrokerConnection> connection;
    {
        const std::lock_guard guard(lock_);
        for (auto& [number, each] : numbered_) each->close();
        door_.reset();
        const auto found = shared_.find(family_);
        if (found != shared_.end()) connection = found->second;
    }
    if (connection == nullptr) return false;
    const std::unique_lock asking(connection->lock(), std::try_to_lock);
    if (!asking.owns_lock() || connection->is_closed()) return false;  // a thread asks
    connection->send_request({.verb = Verb::leave});
    std::vector<os::Handle> none;
    const Reply reply = connection->receive_reply(none, deadline);
    connection->close();
    return reply.answer == Answer::kept && reply.left == 0;
}

void BrokerConnections::after_fork_in_child() noexcept {
    for (auto& [broker, connection] : shared_) connection->after_fork_in_child();
    for (auto& [number, connection] : numbered_) connection->after_fork_in_child();
    starting_.reset_after_fork();
    LockedAcrossForks::after_fork_in_child();
}

}  // namespace procession::inline v0::detail::transfer
