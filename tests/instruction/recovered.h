// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "procession/byte_queue.h"

namespace procession::instruction {

/// Survivors may look for deaths before they go on, or go on and meet the deaths on their way.
enum class Order : unsigned char { notice_then_drain, drain_then_notice };
inline constexpr Order kOrders[] = {Order::notice_then_drain, Order::drain_then_notice};
[[nodiscard]] const char* name_of(Order order);

enum class Shut : unsigned char { no, draining, at_once };

/// An item as it came out: its number, and how often it had been handed out.
struct Delivery {
    int number = 0;
    std::uint32_t deliveries = 0;
    friend auto operator<=>(const Delivery&, const Delivery&) = default;
};

/// What a survivor finds in a queue after deaths, down to the last count; and what it must find.
struct Recovered {
    Shut shut = Shut::no;
    // Before anything is taken; in the order drain_then_notice also before anybody looked.
    std::uint64_t waiting = 0;
    std::uint64_t waiting_bytes = 0;
    bool is_full = false;
    std::vector<Delivery> first;
    std::vector<Delivery> second;  // after a notice_deaths() that came late
    std::uint64_t unfinished = 0;  // right after notice_deaths()
    std::vector<Delivery> letters;
    std::uint64_t put = 0;
    std::uint64_t taken = 0;
    std::uint64_t redelivered = 0;
    std::uint64_t finished = 0;
    std::uint64_t dead_lettered = 0;
    // Only of a recovery that took place:
    std::uint64_t lost_in_hand = 0;
    std::uint64_t deaths = 0;
    std::optional<std::string> problem;  // anything that is wrong whatever should have been found
};

/// Empty when a recovery has found what it must; otherwise the first difference, in words.
[[nodiscard]] std::string difference(const Recovered& wanted, const Recovered& found);

/// The end of a recovery: the dead letters and all counts, then the use of a queue that is empty.
/// Throws: std::runtime_error and what the queue throws.
void count_and_use(const ByteQueue& queue, Recovered& found);
/// Takes, and finishes, all that is there. Throws: std::runtime_error for a payload that was not
/// put.
[[nodiscard]] std::vector<Delivery> drain(const ByteQueue& queue);

/// Lets this process, a newcomer, recover a queue of whose participants none lives, take what is in
/// it, and use it: a put and get of both sizes, join(), no byte of memory in use but the log's.
[[nodiscard]] Recovered recover(const ByteQueue& queue, Order order);

}  // namespace procession::instruction
