// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "transfer/broker_table.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "os/byte_lock.h"
#include "os/handle.h"
#include "os/stream.h"
#include "procession/error.h"
#include "shm/participant_table.h"

namespace procession::inline v0::detail::transfer {

BrokerTable::ObjectAt BrokerTable::add_object(os::Handle handle) {
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

void BrokerTable::drop_object(ObjectAt object) {
    if (--object->users == 0) objects_.erase(object);
}

void BrokerTable::add(const Token& token, Client client, std::vector<os::Handle> handles) {
    if (handles.empty()) throw ValueError("keep", "deposit", "it names no carrier");
    const bool travels_in_stream = os::is_stream(handles.front());
    const char* const why = travels_in_stream ? nullptr : os::why_not_memory_file(handles.front());
    if (why != nullptr)
        throw ValueError("keep", "deposit", std::string("its carrier is no queue: ") + why);
    std::vector<ObjectAt> taken;
    taken.reserve(handles.size());
    try {
        for (auto& each : handles) taken.push_back(add_object(std::move(each)));
        Deposit deposit;
        deposit.client = client;
        deposit.travels_in_stream = travels_in_stream;
        deposit.carrier = taken.front();
        deposit.objects.assign(std::next(taken.begin()), taken.end());
        for (const auto& object : deposit.objects) deposit.handles.push_back(object->handle.get());
        deposits_.insert_or_assign(token, std::move(deposit));
    } catch (...) {
        for (const auto& object : taken) drop_object(object);
        throw;
    }
}

const std::vector<os::NativeHandle>* BrokerTable::find(const Token& token) const {
    const auto found = deposits_.find(token);
    return found != deposits_.end() ? &found->second.handles : nullptr;
}

BrokerTable::Deposits::iterator BrokerTable::erase(Deposits::iterator at) {
    drop_object(at->second.carrier);
    for (const auto& object : at->second.objects) drop_object(object);
    return deposits_.erase(at);
}

void BrokerTable::release(const Token& token) {
    const auto found = deposits_.find(token);
    if (found != deposits_.end()) erase(found);
}

void BrokerTable::client_is_gone(Client client) {
    for (auto& [token, deposit] : deposits_) {
        if (deposit.client == client) deposit.client = 0;
    }
}

// False when it cannot, as far as its carrier tells. Otherwise, when only this table holds the end
// where the deposit comes out, `receiving_end` is that end: then the deposit can be received only
// after another one that holds this end.
bool BrokerTable::may_be_received(const Deposit& deposit, ObjectAt& receiving_end) {
    receiving_end = objects_.end();
    const Object& carrier = *deposit.carrier;
    if (!deposit.travels_in_stream)
        return deposit.client != 0 || shm::ParticipantTable::has_live_participant(carrier.handle);
    if (!os::has_peer(carrier.handle)) return false;
    const auto other = os::other_end_of(carrier.identity);
    const auto found = std::ranges::find(objects_, other, &Object::identity);
    if (found != objects_.end() && !os::has_other_holder(found->handle)) receiving_end = found;
    return true;
}

void BrokerTable::find_receivable() {
    std::vector<std::pair<Deposit*, ObjectAt>> by_others;  // those that depend on other deposits
    for (auto& [token, deposit] : deposits_) {
        ObjectAt receiving_end;
        const bool perhaps = may_be_received(deposit, receiving_end);
        deposit.can_be_received = perhaps && receiving_end == objects_.end();
        if (perhaps && !deposit.can_be_received) by_others.emplace_back(&deposit, receiving_end);
    }
    const auto brings = [this](ObjectAt end) {
        return std::ranges::any_of(deposits_, [end](const auto& each) {
            const auto& objects = each.second.objects;
            return each.second.can_be_received && std::ranges::find(objects, end) != objects.end();
        });
    };
    for (bool found_another = true; std::exchange(found_another, false);) {
        for (const auto& [deposit, end] : by_others) {
            if (deposit->can_be_received || !brings(end)) continue;
            deposit->can_be_received = true;
            found_another = true;
        }
    }
}

bool BrokerTable::has_reachable() {
    find_receivable();
    return std::ranges::any_of(deposits_,
                               [](const auto& each) { return each.second.can_be_received; });
}

void BrokerTable::drop_unreachable() {
    find_receivable();
    for (auto each = deposits_.begin(); each != deposits_.end();) {
        Deposit& deposit = each->second;
        const bool reachable = deposit.can_be_received;
        // Drop only after two looks: a child that was forked with the queue takes part from its
        // first call on.
        if (reachable || !deposit.seemed_unreachable) {
            deposit.seemed_unreachable = !reachable;
            ++each;
        } else {
            each = erase(each);
        }
    }
}

}  // namespace procession::inline v0::detail::transfer
