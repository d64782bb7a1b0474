// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <stdexcept>

#include "procession/error.h"
#include "queue/shared_queue.h"
#include "schedule/queue_for_tests.h"
#include "schedule/queue_run.h"

namespace procession::schedule {

namespace {

/// The bytes of an item: its name, again and again.
std::vector<std::byte> bytes_of(int item, std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::size_t i = 0; i + sizeof item <= size; i += sizeof item) {
        std::memcpy(bytes.data() + i, &item, sizeof item);
    }
    return bytes;
}

int item_in(std::span<const std::byte> bytes) {
    int item = 0;
    if (bytes.size() < sizeof item) throw std::runtime_error("an item lost its bytes");
    std::memcpy(&item, bytes.data(), sizeof item);
    const auto expected = bytes_of(item, bytes.size());
    if (std::memcmp(expected.data(), bytes.data(), bytes.size()) != 0) {
        throw std::runtime_error("an item's bytes are not as they were put");
    }
    return item;
}

Ending ending_of(queue::Outcome outcome) {
    switch (outcome) {
        case queue::Outcome::done: return Ending::done;
        case queue::Outcome::timed_out: return Ending::empty;
        case queue::Outcome::shut_down: return Ending::shut_down;
    }
    return Ending::open;
}

}  // namespace

Participant::Participant(queue::SharedQueue& queue, History& history, World& world, int process,
                         std::size_t item_bytes)
    : queue_(queue), history_(history), world_(world), process_(process), item_bytes_(item_bytes) {}

template <class Act>
Ending Participant::call(Verb verb, int value, Act act) {
    const auto number = static_cast<std::uint64_t>(process_) * 16 + static_cast<unsigned>(verb);
    const std::size_t call = history_.begin(process_, verb, value);
    world_.note(number);
    const Ending ending = act(value);
    history_.end(call, ending, value);
    world_.note(number + 1024 + (static_cast<std::uint64_t>(value) << 16) +
                (static_cast<std::uint64_t>(ending) << 12));
    // What was returned is noted; nothing else of the way here matters for what follows.
    world_.settle((queue::QueueForTests::memory_of(queue_) << 8) + ++calls_);
    return ending;
}

void Participant::put(int item) { put(item, item_bytes_); }
void Participant::put(int item, std::size_t size) {
    call(Verb::put, item, [&](int&) {
        const auto bytes = bytes_of(item, size);
        return ending_of(queue_.producer().put({Format::raw, bytes}, Deadline::never()));
    });
}

void Participant::put_in_vain() {
    const auto bytes = bytes_of(0, std::size_t{1} << 20);
    try {
        static_cast<void>(queue_.producer().put({Format::raw, bytes}, Deadline::never()));
        world_.fail("there is memory beyond the limit");
    } catch (const MemoryError&) {
        world_.note(4097);
    }
}

Ending Participant::get_until(Deadline deadline, Ending without_item) {
    return call(Verb::get, 0, [&](int& value) {
        Message message;
        const Ending ending = ending_of(queue_.consumer().get(message, deadline));
        if (ending == Ending::empty) return without_item;
        if (ending != Ending::done) return ending;
        value = item_in(message.bytes());
        held_.push_back({value, message.ticket()});
        return ending;
    });
}
Ending Participant::get() { return get_until(Deadline::never()); }
Ending Participant::get_nowait() { return get_until(Deadline::now()); }
Ending Participant::get_within(std::chrono::microseconds limit) {
    return get_until(limit, Ending::gave_up);
}

template <class Act>
void Participant::end_of_newest(Verb verb, Act act) {
    if (held_.empty()) return;
    const Held newest = held_.back();
    held_.pop_back();
    call(verb, newest.item, [&](int&) {
        act(newest.ticket);
        return Ending::done;
    });
}

void Participant::finish() {
    end_of_newest(Verb::finish, [&](const Ticket& ticket) { queue_.leases().finish(ticket); });
}
void Participant::give_back() {
    end_of_newest(Verb::give_back,
                  [&](const Ticket& ticket) { queue_.leases().give_back(ticket); });
}
void Participant::reject() {
    end_of_newest(Verb::reject,
                  [&](const Ticket& ticket) { queue_.leases().reject(ticket, "no"); });
}

void Participant::join() {
    call(Verb::join, 0, [&](int&) {
        return queue_.leases().join(Deadline::never()) ? Ending::done : Ending::empty;
    });
}

void Participant::shut_down(bool immediate) {
    call(Verb::shut_down, 0, [&](int&) {
        queue_.shutdown(immediate);
        return Ending::done;
    });
}

void Participant::size() {
    call(Verb::size, 0, [&](int& value) {
        value = static_cast<int>(queue_.qsize());
        return Ending::done;
    });
}

void Participant::unfinished() {
    call(Verb::unfinished, 0, [&](int& value) {
        value = static_cast<int>(queue_.leases().unfinished());
        return Ending::done;
    });
}

void Participant::notice_deaths() { static_cast<void>(queue_.notice_deaths()); }

void Participant::look_at_participants() { static_cast<void>(queue_.participants()); }

void Participant::drain() {
    while (get_nowait() == Ending::done) {
        if (queue_.is_joinable()) finish();
    }
}

void Participant::expect_empty() {
    if (queue_.qsize() != 0) world_.fail("somebody sleeps though there is an item");
}

void Participant::until_closed(const std::function<void()>& act) {
    try {
        act();
    } catch (const ClosedError&) {
        if (!queue_.is_closed()) world_.fail("ClosedError, though nobody has closed it");
    }
}

void Participant::close() {
    held_.clear();
    call(Verb::leave, 0, [&](int&) {
        queue_.close();
        return Ending::done;
    });
}

}  // namespace procession::schedule
