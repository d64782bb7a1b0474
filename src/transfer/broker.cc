// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "transfer/broker.h"

#include <algorithm>
#include <chrono>
#include <exception>
#include <utility>

#include "base/logging.h"
#include "os/channel.h"
#include "os/child.h"
#include "os/random.h"
#include "os/signals.h"

namespace procession::inline v0::detail::transfer {

namespace {

/// How often the broker looks whether deposits can still be fetched: while there are clients, and
/// when there are none, so that the broker ends soon after its family.
constexpr std::chrono::milliseconds kLook{1000};
constexpr std::chrono::milliseconds kLookAlone{100};

// The broker never waits for a client: one that does not receive has to go.
bool may_stay(std::error_code problem) {
    if (!problem) return true;
    base::log(LogLevel::warning, "broker: a client is disconnected: %s", problem.message().c_str());
    return false;
}

}  // namespace

void HandleBroker::run() {
    // The process that has started it is connected already: the rendezvous was open before.
    Deadline next_look = kLook;
    for (;;) {
        const bool may_rest = table_.empty() && clients() != 0;
        // One more round before leaving clients get a reply, so that all ends are seen.
        const bool replies = !leaving_.empty();
        server_.wait(replies ? Deadline::now() : (may_rest ? Deadline::never() : next_look));
        while (auto message = server_.next()) {
            if (serve(*message)) continue;
            remove(message->client);
            if (clients() == 0) next_look = Deadline::now();
        }
        if (replies) reply_to_leaving();
        if (next_look.expired() || may_rest) {
            const bool is_alone = clients() == 0;
            next_look = is_alone ? kLookAlone : kLook;
            table_.drop_unreachable();
            if (is_alone && table_.empty() && !server_.had_visitor()) return;
        }
    }
}

std::uint32_t HandleBroker::clients() const noexcept {
    const auto doors =
        std::ranges::count_if(peers_, [](const auto& each) { return each.second.is_door; });
    return static_cast<std::uint32_t>(server_.clients() - static_cast<std::size_t>(doors));
}

void HandleBroker::add(os::Handle channel, bool as_door) {
    peers_[server_.add(std::move(channel))].is_door = as_door;
}

void HandleBroker::remove(Client client) {
    table_.client_is_gone(client);
    server_.remove(client);
    peers_.erase(client);
}

void HandleBroker::reply_to_leaving() {
    const auto leave =
        std::ranges::count_if(peers_, [](const auto& each) { return each.second.leaves; });
    std::uint32_t others = clients() - static_cast<std::uint32_t>(leave);
    if (table_.has_reachable()) ++others;
    for (const Client client : std::exchange(leaving_, {})) {
        // A client that has ended, or does not receive, needs no reply.
        if (server_.channel_of(client) == os::no_handle) continue;
        [[maybe_unused]] const bool is_sent =
            reply(client, {.answer = Answer::kept, .left = others});
    }
}

bool HandleBroker::serve(Message& message) try {
    if (message.is_end) return false;
    const auto request = message.as<Request>();
    if (!request || request->version != Request{}.version) {
        base::log(LogLevel::warning, "broker: a client sends what is no request: disconnected");
        return false;
    }
    if (obey(message, *request)) return true;
    base::log(LogLevel::warning, "broker: a client does not keep to the protocol: disconnected");
    return false;
} catch (const std::exception& failed) {
    base::log(LogLevel::warning, "broker: a client is disconnected: %s", failed.what());
    return false;
}

bool HandleBroker::obey(Message& message, const Request& request) {
    Peer& peer = peers_[message.client];
    peer.leaves = false;
    if (peer.is_door != (request.verb == Verb::enter)) return false;
    // No other request may come between the records of a deposit.
    if ((request.verb == Verb::more) != peer.handles.are_under_way()) return false;
    if (request.verb == Verb::deposit || request.verb == Verb::more)
        return continue_deposit(message, request);
    auto& handles = message.handles;
    if (request.verb == Verb::enter || request.verb == Verb::open_door) {
        // No handle came when too many are open here: the client sees that its channel is closed.
        if (handles.size() > 1) return false;
        if (!handles.empty()) add(std::move(handles[0]), request.verb == Verb::open_door);
        return true;
    }
    if (!handles.empty()) return false;
    switch (request.verb) {
        case Verb::fetch: return give(message.client, request.token, nullptr);
        case Verb::take: return give(message.client, request.token, &BrokerTable::release);
        case Verb::release: table_.release(request.token); return true;
        case Verb::leave:
            peer.leaves = true;
            table_.client_is_gone(message.client);
            leaving_.push_back(message.client);
            return true;
        default: return false;
    }
}

bool HandleBroker::continue_deposit(Message& message, const Request& request) {
    auto& incoming = peers_[message.client].handles;
    if (!incoming.add(std::move(message.handles), request.left, message.lost_handles)) return false;
    if (incoming.are_under_way()) return true;
    bool lost_some = false;
    auto handles = incoming.take(lost_some);
    Reply kept{.answer = Answer::kept};
    if (lost_some || os::fill_random(kept.token))
        return reply(message.client, {.answer = Answer::no_room});
    table_.add(kept.token, message.client, std::move(handles));
    if (reply(message.client, kept)) return true;
    table_.release(kept.token);
    return false;
}

bool HandleBroker::give(Client client, const Token& token,
                        void (BrokerTable::*afterwards)(const Token&)) {
    const auto* handles = table_.find(token);
    if (handles == nullptr) return reply(client, {.answer = Answer::unknown});
    std::span<const os::NativeHandle> left(*handles);
    do {
        const auto batch = left.first(std::min(left.size(), os::handles_per_transfer_max));
        left = left.subspan(batch.size());
        const Reply here{.answer = Answer::here, .left = static_cast<std::uint32_t>(left.size())};
        const auto problem = server_.reply(client, helper::bytes_of(here), batch);
        if (os::are_too_many_in_flight(problem)) return reply(client, {.answer = Answer::later});
        if (!may_stay(problem)) return false;
    } while (!left.empty());
    if (afterwards != nullptr) (table_.*afterwards)(token);
    return true;
}

bool HandleBroker::reply(Client client, const Reply& reply) const {
    return may_stay(server_.reply(client, helper::bytes_of(reply)));
}

void run_broker(std::string_view descriptor) noexcept {
    helper::run_helper(broker_role, "procession-brok", descriptor, [](os::Handle rendezvous) {
        os::redirect_stdio_to_null();
        os::ignore_terminal_signals();
        os::raise_handle_limit();
        HandleBroker(std::move(rendezvous)).run();
    });
}

}  // namespace procession::inline v0::detail::transfer
