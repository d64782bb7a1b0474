// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "handoff/keeper_table.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "os/byte_lock.h"
#include "os/meeting_point.h"
#include "os/stream.h"
#include "procession/error.h"
#include "shm/membership.h"

namespace procession::handoff {

KeeperTable::ObjectAt KeeperTable::take_in(os::Handle handle) {
    os::FileIdentity identity;
    std::uint64_t size = 0;
    if (const auto problem = os::identify(handle, identity, size))
        throw OSError(problem, "keep", "handle", "cannot identify it");
    const auto known = std::ranges::find_if(objects_, [&](const Object& each) {
        return each.identity == identity && os::are_same_object(each.handle.get(), handle.get());
    });
    if (known != objects_.end()) {
        ++known->users;
        return known;
    }
    objects_.push_front({std::move(handle), identity, 1});
    return objects_.begin();
}

void KeeperTable::let_go(ObjectAt object) {
    if (--object->users == 0) objects_.erase(object);
}

void KeeperTable::add(const Token& token, Client client, std::vector<os::Handle> handles) {
    if (handles.empty()) throw ValueError("keep", "deposit", "it names no carrier");
    const bool travels_in_stream = os::is_stream(handles.front());
    const char* const why = travels_in_stream ? nullptr : os::why_no_memory_file(handles.front());
    if (why != nullptr)
        throw ValueError("keep", "deposit", std::string("its carrier is no queue: ") + why);
    std::vector<ObjectAt> taken;
    taken.reserve(handles.size());
    try {
        for (auto& each : handles) taken.push_back(take_in(std::move(each)));
        Deposit deposit;
        deposit.client = client;
        deposit.travels_in_stream = travels_in_stream;
        deposit.carrier = taken.front();
        deposit.objects.assign(std::next(taken.begin()), taken.end());
        for (const auto& object : deposit.objects) deposit.handles.push_back(object->handle.get());
        deposits_.insert_or_assign(token, std::move(deposit));
    } catch (...) {
        for (const auto& object : taken) let_go(object);
        throw;
    }
}

const std::vector<os::NativeHandle>* KeeperTable::find(const Token& token) const {
    const auto found = deposits_.find(token);
    return found != deposits_.end() ? &found->second.handles : nullptr;
}

KeeperTable::Deposits::iterator KeeperTable::erase(Deposits::iterator at) {
    let_go(at->second.carrier);
    for (const auto& object : at->second.objects) let_go(object);
    return deposits_.erase(at);
}

void KeeperTable::release(const Token& token) {
    const auto found = deposits_.find(token);
    if (found != deposits_.end()) erase(found);
}

void KeeperTable::client_is_gone(Client client) {
    for (auto& [token, deposit] : deposits_) {
        if (deposit.client == client) deposit.client = 0;
    }
}

bool KeeperTable::can_be_received(const Deposit& deposit) {
    if (deposit.travels_in_stream) return os::has_peer(deposit.carrier->handle);
    return deposit.client != 0 || shm::Membership::is_anybody_there(deposit.carrier->handle);
}

void KeeperTable::drop_unreachable() {
    for (auto each = deposits_.begin(); each != deposits_.end();) {
        Deposit& deposit = each->second;
        const bool reachable = can_be_received(deposit);
        // Twice: a child that was forked with the queue takes part from its first call on.
        if (reachable || !deposit.seemed_unreachable) {
            deposit.seemed_unreachable = !reachable;
            ++each;
        } else {
            each = erase(each);
        }
    }
}

}  // namespace procession::handoff
