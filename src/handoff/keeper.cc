// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "handoff/keeper.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <exception>
#include <iterator>
#include <utility>

#include "base/logging.h"
#include "os/channel.h"
#include "os/random.h"
#include "os/rendezvous.h"
#include "os/wait.h"
#include "os/would_block.h"

namespace procession::handoff {

namespace {

/// How often the keeper looks whether deposits can still be fetched: while there are clients, and
/// when there are none, so that the keeper ends soon after its family.
constexpr std::chrono::milliseconds kLook{1000};
constexpr std::chrono::milliseconds kLookAlone{100};

}  // namespace

void Keeper::run() {
    // The process that has started it is on its way already: the meeting point was open before.
    Deadline next_look = kLook;
    for (;;) {
        std::vector<os::Watched> watched{{rendezvous_socket_.get()}};
        std::vector<KeeperTable::Client> clients_then;
        for (const auto& [client, peer] : peers_) {
            watched.push_back({peer.channel.get()});
            clients_then.push_back(client);
        }
        const bool may_rest = table_.empty() && clients() != 0;
        Deadline until = may_rest ? Deadline::never() : next_look;
        // One more round before leaving clients are answered, so that all that have gone are seen.
        const bool answers = !leaving_.empty();
        if (answers) until = Deadline::now();
        static_cast<void>(os::wait_any(watched, until));
        for (std::size_t i = 0; i < clients_then.size(); ++i) {
            if (!watched[i + 1].ready) continue;
            const auto found = peers_.find(clients_then[i]);
            if (serve(found->first, found->second)) continue;
            table_.client_is_gone(found->first);
            peers_.erase(found);
            if (clients() == 0) next_look = Deadline::now();
        }
        if (watched[0].ready) admit_all();
        if (answers) answer_those_who_leave();
        if (next_look.has_passed() || may_rest) {
            const bool is_alone = clients() == 0;
            next_look = is_alone ? kLookAlone : kLook;
            table_.drop_unreachable();
            if (is_alone && table_.empty() && !watched[0].ready) return;
        }
    }
}

std::uint32_t Keeper::clients() const noexcept {
    return static_cast<std::uint32_t>(
        std::ranges::count_if(peers_, [](const auto& each) { return !each.second.is_door; }));
}

void Keeper::let_in(os::Handle channel, bool as_door) {
    Peer peer;
    peer.channel = std::move(channel);
    peer.is_door = as_door;
    peers_.emplace(++peers_so_far_, std::move(peer));
}

void Keeper::answer_those_who_leave() {
    auto others = static_cast<std::uint32_t>(std::ranges::count_if(
        peers_, [](const auto& each) { return !each.second.is_door && !each.second.leaves; }));
    if (table_.has_reachable()) ++others;
    for (const KeeperTable::Client client : std::exchange(leaving_, {})) {
        const auto found = peers_.find(client);
        // A client that is gone, or does not receive, needs no answer.
        if (found == peers_.end()) continue;
        if (!send(found->second, {.answer = Answer::kept, .left = others})) continue;
    }
}

void Keeper::admit_all() {
    for (;;) {
        os::Handle channel;
        const auto problem = os::accept_from_rendezvous(rendezvous_socket_, channel);
        if (problem) {
            if (os::is_would_block(problem)) return;
            if (!std::exchange(says_it_is_full_, true)) {
                base::log(LogLevel::warning, "keeper: cannot let anybody in: %s",
                          problem.message().c_str());
            }
            // No handles left, perhaps: others have to go first.
            static_cast<void>(os::wait_readable(os::no_handle, std::chrono::milliseconds(10)));
            return;
        }
        // A superuser is a relative that has not changed its user id, or could do anything anyway.
        const auto stranger = os::check_peer_user(channel.get(), os::Superuser::accepted);
        if (stranger) {
            const bool again = std::exchange(says_it_refuses_, true);
            base::log(again ? LogLevel::debug : LogLevel::warning,
                      "keeper: refused a process of another user (%s)", stranger.message().c_str());
            continue;
        }
        says_it_is_full_ = false;
        let_in(std::move(channel), false);
    }
}

bool Keeper::serve(KeeperTable::Client client, Peer& peer) try {
    // One byte more than a request has: a longer record is seen as one.
    std::array<std::byte, sizeof(Request) + 1> space;
    std::size_t got = 0;
    std::vector<os::Handle> handles;
    const auto problem = os::receive_some(peer.channel.get(), space, got, handles);
    if (problem && os::is_would_block(problem)) return true;
    const bool lost_some = problem == std::errc::too_many_files_open;
    if ((problem && !lost_some) || got == 0) return false;
    Request request;
    const Request expected;
    std::memcpy(&request, space.data(), std::min(got, sizeof request));
    if (got != sizeof request || request.magic != expected.magic ||
        request.version != expected.version) {
        base::log(LogLevel::warning, "keeper: a client sends what is no request; it is let go");
        return false;
    }
    if (lost_some) peer.lost_some = true;
    if (obey(client, peer, request, std::move(handles))) return true;
    base::log(LogLevel::warning, "keeper: a client is let go: it does not keep to the protocol");
    return false;
} catch (const std::exception& failed) {
    base::log(LogLevel::warning, "keeper: a client is let go: %s", failed.what());
    return false;
}

bool Keeper::obey(KeeperTable::Client client, Peer& peer, const Request& request,
                  std::vector<os::Handle> handles) {
    peer.leaves = false;
    if (peer.is_door != (request.verb == Verb::enter)) return false;
    // No other request may come between the records of a deposit.
    if ((request.verb == Verb::more) != peer.expected.has_value()) return false;
    if (request.verb == Verb::deposit || request.verb == Verb::more)
        return go_on_with_deposit(client, peer, request, std::move(handles));
    if (request.verb == Verb::enter || request.verb == Verb::open_door) {
        // No handle came when too many are open here: the client sees that its channel is not
        // answered.
        if (handles.size() > 1) return false;
        if (!handles.empty()) let_in(std::move(handles[0]), request.verb == Verb::open_door);
        peer.lost_some = false;
        return true;
    }
    if (!handles.empty()) return false;
    switch (request.verb) {
        case Verb::fetch: return give(peer, request.token, nullptr);
        case Verb::take: return give(peer, request.token, &KeeperTable::release);
        case Verb::release: table_.release(request.token); return true;
        case Verb::leave:
            peer.leaves = true;
            table_.client_is_gone(client);
            leaving_.push_back(client);
            return true;
        default: return false;
    }
}

bool Keeper::go_on_with_deposit(KeeperTable::Client client, Peer& peer, const Request& request,
                                std::vector<os::Handle> handles) {
    const std::size_t came = handles.size();
    const bool as_announced = !peer.expected || *peer.expected == came + request.left;
    if (!peer.lost_some && (came == 0 || !as_announced)) return false;
    if (request.left > handles_per_deposit_max) return false;
    peer.handles.insert(peer.handles.end(), std::make_move_iterator(handles.begin()),
                        std::make_move_iterator(handles.end()));
    if (request.left != 0) {
        peer.expected = request.left;
        return peer.handles.size() <= handles_per_deposit_max;
    }
    peer.expected.reset();
    auto kept = std::exchange(peer.handles, {});
    Reply reply{.answer = Answer::kept};
    if (std::exchange(peer.lost_some, false) || os::fill_random(reply.token))
        return send(peer, {.answer = Answer::no_room});
    table_.add(reply.token, client, std::move(kept));
    if (send(peer, reply)) return true;
    table_.release(reply.token);
    return false;
}

bool Keeper::give(Peer& peer, const Token& token, void (KeeperTable::*afterwards)(const Token&)) {
    const auto* handles = table_.find(token);
    if (handles == nullptr) return send(peer, {.answer = Answer::unknown});
    std::span<const os::NativeHandle> left(*handles);
    do {
        const auto lot = left.first(std::min(left.size(), os::handles_per_transfer_max));
        left = left.subspan(lot.size());
        const Reply reply{.answer = Answer::here, .left = static_cast<std::uint32_t>(left.size())};
        const auto problem = send_handles(peer, reply, lot);
        if (os::are_too_many_in_flight(problem)) return send(peer, {.answer = Answer::later});
        if (problem) return may_stay(problem);
    } while (!left.empty());
    if (afterwards != nullptr) (table_.*afterwards)(token);
    return true;
}

// A client that does not receive is let go: the keeper never waits for a client.
bool Keeper::may_stay(std::error_code problem) {
    if (!problem) return true;
    base::log(LogLevel::warning, "keeper: a client is let go: %s", problem.message().c_str());
    return false;
}

std::error_code Keeper::send_handles(const Peer& peer, const Reply& reply,
                                     std::span<const os::NativeHandle> handles) {
    const std::array parts{std::as_bytes(std::span(&reply, 1))};
    std::size_t sent = 0;
    return os::send_some(peer.channel.get(), parts, handles, sent);
}

bool Keeper::send(const Peer& peer, const Reply& reply) {
    return may_stay(send_handles(peer, reply, {}));
}

}  // namespace procession::handoff
