// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/actor.h"

#include <unistd.h>

#include <csignal>
#include <cstring>
#include <stdexcept>

#include "instruction/payload.h"

namespace procession::instruction {

namespace {

void must(bool holds, const char* what) {
    if (!holds) throw std::runtime_error(what);
}

}  // namespace

void Actor::prepare(const std::vector<Step>& steps) {
    in_hand_.reserve(ActorNotes::kGotMax);
    for (auto step = steps.rbegin(); step != steps.rend(); ++step) {
        changes_.push_back(static_cast<unsigned>(changes_of(*step, id_).size()));
        if (step->things.empty()) continue;
        auto& payloads = payloads_.emplace_back();
        auto& pieces = pieces_.emplace_back();
        for (const Thing& thing : step->things) payloads.push_back(payload_of(thing));
        for (const auto& payload : payloads) pieces.push_back({Format::raw, payload});
    }
}

void Actor::put(Verb verb) {
    const auto& pieces = pieces_.back();
    switch (verb) {
        case Verb::put_many:
            must(queue_.put_many(Pieces(pieces), Deadline::never()) == pieces.size(),
                 "not all was put");
            break;
        case Verb::put_in_vain:
            must(!queue_.try_put(pieces[0], Deadline::now()), "a full queue has taken an item");
            break;
        default:
            must(bool(queue_.try_put(pieces[0], Deadline::never())), "put() was refused");
            break;
    }
    pieces_.pop_back();
    payloads_.pop_back();
}

void Actor::keep(const MessageView& message) {
    const unsigned count = notes_.got_count.load();
    // Only the number: that the payload is whole is found out by who recovers.
    int number = 0;
    must(message.bytes.size() >= sizeof number, "a payload is cut short");
    std::memcpy(&number, message.bytes.data(), sizeof number);
    if (number != kFiller) {
        notes_.got.at(count).store(number);
        notes_.got_count.store(count + 1);
    }
    if (queue_.kind() == QueueKind::joinable) in_hand_.push_back(message.ticket);
}

void Actor::get() {
    Message message;
    must(bool(queue_.try_get(message, Deadline::never())), "get() found no item");
    keep(message.view());
}

void Actor::get_many(std::size_t count) {
    Batch messages;
    must(bool(queue_.try_get_many(messages, count, Deadline::never())), "get_many() found none");
    must(messages.size() == count, "get_many() found another number of items");
    for (const MessageView& message : messages) keep(message);
}

Ticket Actor::let_go(std::size_t pick) {
    const Ticket ticket = in_hand_.at(pick);
    in_hand_.erase(in_hand_.begin() + static_cast<std::ptrdiff_t>(pick));
    return ticket;
}

void Actor::call(const Step& step) {
    switch (step.verb) {
        case Verb::put:
        case Verb::put_many:
        case Verb::put_in_vain: return put(step.verb);
        case Verb::get: return get();
        case Verb::get_many: return get_many(step.count);
        case Verb::get_in_vain: {
            Message message;
            return must(!queue_.try_get(message, Deadline::now()), "there was an item after all");
        }
        case Verb::finish: return queue_.finish(let_go(step.pick));
        case Verb::task_done: let_go(0); return queue_.task_done();
        case Verb::give_back: return queue_.give_back(let_go(step.pick));
        case Verb::reject: return queue_.reject(let_go(step.pick), "for the test");
        case Verb::shut_down: return queue_.shutdown(false);
        case Verb::shut_down_now: return queue_.shutdown(true);
        case Verb::close: return queue_.close();
        case Verb::join: return must(queue_.join(Deadline::never()), "join() has not returned");
        case Verb::notice_deaths: static_cast<void>(queue_.notice_deaths()); return;
    }
}

void Actor::perform(const Step& step) {
    const unsigned changes = changes_.back();
    changes_.pop_back();
    notes_.begun.fetch_add(changes);
    call(step);
    notes_.done.fetch_add(changes);
}

void live(const ByteQueue& queue, int id, const Script& script, ActorNotes& notes) {
    try {
        Actor actor(queue, id, notes);
        if (!script.is_newcomer) static_cast<void>(queue.qsize());  // takes part from here on
        actor.perform(script.before);
        actor.prepare(script.observed);
        ::raise(SIGSTOP);
        actor.perform_prepared(script.observed);
        notes.completed.store(true);
        for (;;) ::pause();
    } catch (const std::exception& thrown) {
        std::strncpy(notes.error, thrown.what(), sizeof notes.error - 1);
        ::_exit(1);
    }
}

}  // namespace procession::instruction
