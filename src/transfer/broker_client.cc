// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "transfer/broker_client.h"

#include <chrono>
#include <memory>
#include <mutex>

#include "base/logging.h"
#include "helper/helper_process.h"
#include "os/channel.h"
#include "os/wait.h"
#include "procession/error.h"
#include "transfer/broker.h"
#include "transfer/broker_connections.h"
#include "transfer/broker_protocol.h"

namespace procession::inline v0 {

namespace detail::transfer {

namespace {

constexpr std::chrono::milliseconds kAskAgain{2};  // before a request for handles is repeated
/// How long the end of a process waits for the end of its broker, at most: it takes a few
/// milliseconds, a tenth of a second when there are items that no process can receive any more.
constexpr std::chrono::seconds kMoment{3};

DepositKey deposit_at(const std::string& broker,
                      const std::shared_ptr<BrokerConnection>& connection,
                      std::span<const os::NativeHandle> handles) {
    const std::lock_guard asking(connection->lock());
    if (connection->is_closed()) throw helper::PeerGone{};
    connection->send_in_batches({.verb = Verb::deposit}, {.verb = Verb::more}, handles);
    std::vector<os::Handle> none;
    const Reply reply = connection->receive_reply(none);
    if (reply.answer == Answer::kept) return {broker, reply.token};
    if (reply.answer == Answer::no_room) {
        throw OSError(
            std::make_error_code(std::errc::too_many_files_open), "deposit", "handles of an item",
            "the handle broker cannot hold any more: raise the limit of open files (ulimit -n) "
            "before the first use, or let items be taken first");
    }
    throw SharingError("deposit", "handles of an item", "the handle broker refused them");
}

/// Leaves them by leave(broker, carrier and handles) at the broker of the family.
template <class Leave>
DepositKey deposit_by(const os::Handle& carrier, std::span<const os::NativeHandle> handles,
                      Leave leave) {
    if (handles.size() >= handles_per_deposit_max) {
        throw SharingError(
            "deposit", "handles of an item",
            "an item carries at most " + std::to_string(handles_per_deposit_max - 1) + " handles");
    }
    std::vector<os::NativeHandle> all{carrier.get()};
    all.insert(all.end(), handles.begin(), handles.end());
    auto& connections = BrokerConnections::of_this_process();
    std::string gone;
    try {
        return helper::use_twice(broker_role, [&] {
            const std::string broker = connections.start_unless(gone);
            gone = broker;
            return leave(broker, all);
        });
    } catch (const helper::PeerGone&) {
        throw SharingError("deposit", "handles of an item",
                           "the handle broker ended as soon as it was started");
    }
}

[[noreturn]] void fail_gone() {
    throw SharingError(
        "fetch", "handles of an item",
        "the handle broker, the process that held them, has ended (was it killed?): they "
        "cannot be had any more; the sender has to put the item again");
}

std::vector<os::Handle> ask_for(const DepositKey& key, Verb verb) try {
    const auto connection = BrokerConnections::of_this_process().to(key.broker);
    const std::lock_guard asking(connection->lock());
    if (connection->is_closed()) throw helper::PeerGone{};
    const Deadline deadline = broker_patience;
    connection->send_request({.verb = verb, .token = key.token});
    std::vector<os::Handle> handles;
    for (;;) {
        const Reply reply = connection->receive_reply(handles);
        if (reply.answer == Answer::later) {
            if (deadline.expired()) {
                throw OSError(std::make_error_code(std::errc::too_many_files_open), "fetch",
                              "handles of an item", os::too_many_in_flight_text);
            }
            static_cast<void>(os::wait_readable(os::no_handle, kAskAgain));
            handles.clear();
            connection->send_request({.verb = verb, .token = key.token});
            continue;
        }
        if (reply.answer != Answer::here) {
            throw SharingError(
                "fetch", "handles of an item",
                "the handle broker does not have them (any more): the item was received "
                "already, or no process was left that could receive it");
        }
        if (reply.left == 0) return handles;
    }
} catch (const helper::PeerGone&) {
    fail_gone();
}

}  // namespace

DepositKey deposit(const os::Handle& carrier, std::span<const os::NativeHandle> handles) {
    return deposit_by(carrier, handles, [](const std::string& broker, const auto& all) {
        return deposit_at(broker, BrokerConnections::of_this_process().to(broker), all);
    });
}

StandingDeposit::StandingDeposit(const os::Handle& carrier,
                                 std::span<const os::NativeHandle> handles) {
    auto& connections = BrokerConnections::of_this_process();
    key_ = deposit_by(carrier, handles, [&](const std::string& broker, const auto& all) {
        const auto [number, connection] = connections.for_one_deposit(broker);
        try {
            DepositKey key = deposit_at(broker, connection, all);
            connection_ = number;
            return key;
        } catch (...) {
            connections.drop(number);
            throw;
        }
    });
}

StandingDeposit::~StandingDeposit() {
    if (connection_ != 0) BrokerConnections::of_this_process().drop(connection_);
}

bool StandingDeposit::stands() const noexcept {
    return connection_ != 0 && BrokerConnections::of_this_process().stands(connection_);
}

std::vector<os::Handle> fetch(const DepositKey& key) { return ask_for(key, Verb::fetch); }
std::vector<os::Handle> take(const DepositKey& key) { return ask_for(key, Verb::take); }

void release(const DepositKey& key) noexcept {
    try {
        const auto connection = BrokerConnections::of_this_process().to(key.broker);
        const std::lock_guard asking(connection->lock());
        if (!connection->is_closed())
            connection->send_request({.verb = Verb::release, .token = key.token});
    } catch (const helper::PeerGone&) {
        // Then there is nothing to release.
        base::log(LogLevel::debug, "the handle broker of a released item has ended");
    } catch (const std::exception& failed) {
        // The broker drops them when no process uses the queue any more.
        base::log(LogLevel::warning, "handles of an item stay at the handle broker: %s",
                  failed.what());
    }
}

std::string broker_of_family() { return BrokerConnections::of_this_process().family(); }
os::NativeHandle door_of_family() { return BrokerConnections::of_this_process().door_of_family(); }
void join_family(std::string broker, os::Handle door) {
    BrokerConnections::of_this_process().join_family(std::move(broker), std::move(door));
}
void forget_brokers() noexcept { BrokerConnections::of_this_process().close_all(); }
void end_broker() noexcept {
    forget_brokers();
    join_family({}, {});
    BrokerConnections::of_this_process().process().wait_for_end(Deadline::never());
}

namespace {

/// Hangs up, and asks the broker of the family until the deadline.
/// Returns: whether that broker ends as well now, because no other process needs it.
bool leave_broker(Deadline deadline) noexcept {
    try {
        return BrokerConnections::of_this_process().leave(deadline);
    } catch (const helper::PeerGone&) {
        return true;  // it has ended: there is an end to be collected
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "the handle broker does not say whether it ends: %s",
                  failed.what());
        return false;
    }
}

// After all destructors of static objects, which may hold queues.
[[gnu::destructor]] void at_the_very_end() { leave_broker_at_end(); }

}  // namespace

void leave_broker_at_end() noexcept {
    auto& own = BrokerConnections::of_this_process().process();
    if (!own.has_started_some()) return;
    const Deadline deadline = kMoment;
    const bool ends_too = leave_broker(deadline);
    own.wait_for_end(ends_too ? deadline : Deadline::now());
}

}  // namespace detail::transfer

}  // namespace procession::inline v0
