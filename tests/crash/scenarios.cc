// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crash/scenarios.h"

namespace procession::testing {

namespace {

constexpr std::size_t kBig = 10'000;  // outside the log
const Act kPut2{Verb::put, 10, 2};
const Act kPut2Big{Verb::put, 10, 2, kBig};
const Act kFive{Verb::put, 0, 5};
const Act kFiveBig{Verb::put, 0, 5, kBig};
const Act kGet{Verb::get};
const Act kDone{Verb::done};
// On an empty queue these leave the bells armed, as waiters do who gave up.
const Act kArmItemBell{Verb::get};
const Act kArmJoinBell{Verb::join};

std::vector<Scenario> producers() {
    return {
        {.name = "puts_small_items", .prepare = {kFive}, .act = {kPut2}},
        {.name = "puts_big_items", .prepare = {kFive}, .act = {kPut2Big}},
        {.name = "puts_into_a_new_chunk", .prepare = {kFive}, .act = {kPut2}, .filler = 63'150},
        {.name = "puts_many", .prepare = {kFive}, .act = {{Verb::put_many, 10, 5}}},
        {.name = "puts_an_item_that_memory_must_grow_for",
         .prepare = {kFive},
         .act = {{Verb::put, 10, 1, 300'000}}},
        {.name = "puts_an_item_for_which_free_blocks_must_be_joined",
         .prepare = {{Verb::put, 0, 4, 40'000}, kGet, kGet, kGet, kGet, kDone, kDone, kDone, kDone},
         .act = {{Verb::put, 10, 1, 150'000}},
         .memory_limit = 300'000},
        {.name = "puts_many_small_items_into_two_chunks",
         .prepare = {kFive},
         .act = {{Verb::put_run, 10, 6}},
         .filler = 63'100},
        {.name = "puts_as_many_as_there_is_room_for",
         .prepare = {{Verb::put, 0, 4}, kGet, kGet, kDone, kDone},
         .act = {{Verb::put_run, 10, 4}, kGet, {Verb::put_run, 20, 2}},
         .maxsize = 4},
        {.name = "makes_items_in_place",
         .prepare = {kFive},
         .act = {{Verb::put_loan, 10, 2, kBig}, {Verb::drop_loan, 0, 1, kBig}}},
        {.name = "plain_makes_items_in_place",
         .joinable = false,
         .prepare = {kFive},
         .act = {{Verb::put_loan, 10, 2, kBig}, {Verb::drop_loan, 0, 1, kBig}}},
        {.name = "puts_an_item_where_the_last_block_is_free",
         .prepare = {{Verb::put, 0, 1, 100'000}, kGet, kDone},
         .act = {{Verb::put, 10, 1, 200'000}},
         .memory_limit = 300'000},
        {.name = "puts_where_somebody_may_sleep", .prepare = {kArmItemBell}, .act = {kPut2}},
        {.name = "puts_when_it_is_full",
         .prepare = {{Verb::put, 0, 2}},
         .act = {{Verb::put, 10, 1}, kGet, {Verb::put, 11, 1}, {Verb::put, 12, 1, kBig}},
         .maxsize = 2},
        {.name = "puts_while_the_holder_of_the_lock_lets_go",
         .prepare = {kFive},
         .act = {{Verb::put, 10, 1}},
         .meets_a_holder = true},
        {.name = "plain_puts_small_items", .joinable = false, .prepare = {kFive}, .act = {kPut2}},
        {.name = "plain_puts_big_items", .joinable = false, .prepare = {kFive}, .act = {kPut2Big}},
        {.name = "plain_puts_many",
         .joinable = false,
         .prepare = {kFive},
         .act = {{Verb::put_many, 10, 5}}},
    };
}

std::vector<Scenario> consumers() {
    const Script three{kGet, kDone, kGet, kDone, kGet, kDone};
    return {
        {.name = "finishes_small_items", .prepare = {kFive}, .act = three},
        {.name = "finishes_big_items", .prepare = {kFiveBig}, .act = three},
        {.name = "finishes_items_of_two_chunks",
         .prepare = {kFive},
         .act = {kGet, kDone, kGet, kDone, kGet, kDone, kGet, kDone},
         .filler = 63'270},
        {.name = "finishes_a_chunk_after_leaving_it",
         .prepare = {kFive},
         .act = {{Verb::get_many, 0, 5}, kDone, kDone, kDone, kDone, kDone},
         .filler = 63'270},
        {.name = "finishes_many_backwards",
         .prepare = {kFive},
         .act = {{Verb::get_many, 0, 4},
                 {Verb::done_newest},
                 {Verb::done_newest},
                 {Verb::done_newest}}},
        {.name = "says_task_done_where_somebody_may_join",
         .prepare = {{Verb::put, 0, 1}, kArmJoinBell},
         .act = {kGet, {Verb::task_done}}},
        {.name = "gets_many_with_returned_ones_before_them",
         .prepare = {kFive, kGet, kGet, {Verb::give_back_newest}, kDone},
         .act = {{Verb::get_many, 0, 3}, kDone}},
        {.name = "looks_at_items_in_place",
         .prepare = {{Verb::put, 0, 2, kBig}, {Verb::put, 2, 1}},
         .act = {{Verb::borrow}, kDone, {Verb::borrow}, {Verb::borrow}, kDone, kDone}},
        {.name = "rejects", .prepare = {kFive}, .act = {kGet, kGet, {Verb::reject}, kDone}},
        {.name = "rejects_a_big_item",
         .prepare = {kFiveBig},
         .act = {kGet, {Verb::reject}, kGet, {Verb::reject}}},
        {.name = "gets_what_does_not_decode",
         .prepare = {{Verb::put_undecodable, 0}, {Verb::put, 1, 2}},
         .act = {kGet, kGet, kDone}},
        {.name = "gets_what_it_has_no_memory_for",
         .prepare = {kFive},
         .act = {{Verb::get_in_vain}, {Verb::get_in_vain}, kGet, kDone}},
        {.name = "waits_in_vain", .act = {{Verb::wait_a_little}}},
        {.name = "makes_room_where_somebody_may_sleep",
         .prepare = {{Verb::put, 0, 3}},
         .act = {kGet, kDone},
         .maxsize = 2},
    };
}

std::vector<Scenario> returners() {
    return {
        {.name = "gives_back",
         .prepare = {kFive},
         .act = {kGet,
                 kGet,
                 kGet,
                 {Verb::give_back},
                 {Verb::give_back_newest},
                 {Verb::give_back},
                 kGet,
                 kDone}},
        {.name = "gives_back_in_a_tangled_order",
         .prepare = {kFive},
         .act = {kGet,
                 kGet,
                 kGet,
                 kGet,
                 {Verb::give_back},
                 {Verb::give_back_newest},
                 {Verb::give_back},
                 {Verb::give_back},
                 kGet,
                 kGet,
                 kDone}},
        {.name = "takes_again_what_was_given_back",
         .prepare = {kFive, kGet, kGet, {Verb::give_back_newest}, {Verb::give_back}},
         .act = {kGet, kGet, kDone, {Verb::give_back}, kGet}},
        {.name = "takes_again_a_big_item",
         .prepare = {kFiveBig, kGet, {Verb::give_back}},
         .act = {kGet, kDone, kGet}},
        {.name = "takes_several_for_the_last_time",
         .prepare =
             {kFive, kGet, kGet, kGet, {Verb::give_back}, {Verb::give_back}, {Verb::give_back}},
         .act = {kGet, kGet, kGet, kGet},
         .max_deliveries = 2},
        {.name = "gives_back_for_the_last_time",
         .prepare = {kFive},
         .act = {kGet, {Verb::give_back}, kGet, {Verb::give_back}},
         .max_deliveries = 1},
    };
}

std::vector<Scenario> plain_consumers() {
    return {
        {.name = "plain_gets_small_items",
         .joinable = false,
         .prepare = {kFive},
         .act = {kGet, kGet, kGet}},
        {.name = "plain_gets_big_items",
         .joinable = false,
         .prepare = {kFiveBig},
         .act = {kGet, kGet}},
        {.name = "plain_gets_items_of_two_chunks",
         .joinable = false,
         .prepare = {kFive},
         .act = {kGet, kGet, kGet, kGet},
         .filler = 64'350},
        {.name = "plain_gets_many",
         .joinable = false,
         .prepare = {{Verb::put, 0, 2}, {Verb::put, 2, 2, kBig}},
         .act = {{Verb::get_many, 0, 4}}},
        {.name = "plain_looks_at_items_in_place",
         .joinable = false,
         .prepare = {{Verb::put, 0, 2, kBig}, {Verb::put, 2, 1}},
         .act = {{Verb::borrow}, {Verb::borrow}, {Verb::borrow}}},
        {.name = "plain_gets_many_of_two_chunks",
         .joinable = false,
         .prepare = {kFive},
         .act = {{Verb::get_many, 0, 4}},
         .filler = 64'350},
        {.name = "plain_gets_what_does_not_decode",
         .joinable = false,
         .prepare = {{Verb::put_undecodable, 0}, {Verb::put, 1, 2}},
         .act = {kGet, kGet}},
    };
}

// What is free beyond a quarter of the limit goes back to the system, and comes again.
std::vector<Scenario> shrinkers() {
    constexpr std::uint64_t kUnit = 4096;
    const auto finished = [](int count) {
        Script script;
        for (int i = 0; i < count; ++i) script.insert(script.end(), {kGet, kDone});
        return script;
    };
    const auto after = [](Script first, const Script& then) {
        first.insert(first.end(), then.begin(), then.end());
        return first;
    };
    const Act four{Verb::put, 0, 4, 300'000};
    const Act many{Verb::put, 0, 15, 60'000};
    const Script two_large{{Verb::put, 10, 1, 560'000}, {Verb::put, 11, 1, 400'000}};
    return {
        {.name = "gives_memory_back",
         .prepare = after({four}, finished(2)),
         .act = after(finished(2), {{Verb::put, 10, 1}}),
         .memory_limit = 512 * kUnit},
        {.name = "gives_back_what_memory_had_grown_ahead",
         .prepare = after({four, {Verb::put, 4, 1, 60'000}}, finished(4)),
         .act = finished(1),
         .memory_limit = 512 * kUnit},
        {.name = "takes_memory_that_was_given_back",
         .prepare = after({four}, finished(4)),
         .act = after(two_large, {kGet, kDone}),
         .memory_limit = 512 * kUnit},
        {.name = "takes_small_pieces_of_memory_that_was_given_back",
         .prepare = after({four}, finished(4)),
         .act = {{Verb::put, 10, 2, 12'000}},
         .memory_limit = 512 * kUnit},
        {.name = "gives_the_memory_of_neighbours_back",
         .prepare = after({many}, finished(12)),
         .act = finished(3),
         .memory_limit = 300 * kUnit},
        {.name = "joins_what_has_memory_and_what_has_none",
         .prepare = after({many}, finished(15)),
         .act = {{Verb::put, 10, 1, 800'000}, kGet, kDone},
         .memory_limit = 300 * kUnit},
        {.name = "joins_all_at_the_end_and_grows_again",
         .prepare = after({many}, finished(15)),
         .act = {{Verb::put, 10, 1, 1'020'000}},
         .memory_limit = 300 * kUnit},
        {.name = "plain_gives_memory_back",
         .joinable = false,
         .prepare = {four, kGet, kGet},
         .act = {kGet, kGet, {Verb::put, 10, 1}},
         .memory_limit = 512 * kUnit},
        {.name = "repairer_of_memory_half_given_back",
         .prepare = after({four}, finished(2)),
         .act = {{Verb::notice}},
         .predecessors = {{finished(2), "pool.decommit.marked"}},
         .memory_limit = 512 * kUnit},
        {.name = "repairer_of_memory_half_taken_again",
         .prepare = after({many}, finished(15)),
         .act = {{Verb::notice}},
         .predecessors = {{{{Verb::put, 10, 1, 800'000}}, "pool.commit.committed"}},
         .memory_limit = 300 * kUnit},
    };
}

std::vector<Scenario> others() {
    return {
        {.name = "joiner_of_finished_work",
         .prepare = {{Verb::put, 0, 2}, kGet, kDone},
         .act = {{Verb::join}, kGet, kDone, {Verb::join}}},
        {.name = "joiner_who_drops_what_a_dead_shutter_left",
         .prepare = {{Verb::put, 0, 3}, kGet, {Verb::give_back}},
         .act = {{Verb::join}},
         .predecessors = {{{{Verb::shutdown_now}}, "shutdown.stored"}}},
        {.name = "shutter", .prepare = {kFive}, .act = {{Verb::shutdown}}},
        {.name = "shutter_who_drops_what_is_left",
         .prepare = {{Verb::put, 0, 2}, {Verb::put, 2, 1, kBig}, kGet, {Verb::give_back}},
         .act = {kGet, {Verb::shutdown_now}}},
        {.name = "plain_shutter_who_drops_what_is_left",
         .joinable = false,
         .prepare = {{Verb::put, 0, 2}, {Verb::put, 2, 1, kBig}},
         .act = {{Verb::shutdown_now}}},
        {.name = "newcomer", .prepare = {kFive}, .act = {{Verb::look}}},
        {.name = "newcomer_in_the_place_of_one_who_died",
         .prepare = {kFive},
         .act = {{Verb::look}},
         .predecessors = {{{kGet, kGet, {Verb::put, 10, 1, kBig}}, "log.publish.marked"}},
         .crowded = true},
        {.name = "closer_with_items_in_hand",
         .prepare = {kFive},
         .act = {kGet, kGet, {Verb::close}}},
        {.name = "closer_whose_items_had_their_last_chance",
         .prepare = {kFive},
         .act = {kGet, kGet, {Verb::close}},
         .max_deliveries = 1},
        {.name = "plain_closer",
         .joinable = false,
         .prepare = {kFive},
         .act = {kGet, {Verb::close}}},
        {.name = "taker_of_dead_letters",
         .prepare = {kFive, kGet, {Verb::reject}, kGet, {Verb::reject}},
         .act = {{Verb::take_letters}}},
    };
}

// Each mends what one death left; what every death leaves is the subject of the pairs.
std::vector<Scenario> repairers() {
    const Script notice{{Verb::notice}};
    const auto after = [&](const char* name, Script prepare, Script act, const char* step) {
        return Scenario{.name = name,
                        .prepare = std::move(prepare),
                        .act = notice,
                        .predecessors = {{std::move(act), step}}};
    };
    const auto plain = [](Scenario scenario) {
        scenario.joinable = false;
        return scenario;
    };
    const auto last_chance = [](Scenario scenario) {
        scenario.max_deliveries = 1;
        return scenario;
    };
    return {
        after("repairer_of_a_finish", {kFiveBig}, {kGet, kGet, kDone}, "finish.committed"),
        after("repairer_of_a_quick_finish", {kFive}, {kGet, kGet, kDone}, "done.committed"),
        after("repairer_of_a_rejection", {kFive}, {kGet, kGet, {Verb::reject}},
              "dead_letter.committed"),
        plain(after("repairer_of_lost_bytes", {{Verb::put_undecodable, 0}, {Verb::put, 1, 1}},
                    {kGet}, "lost_bytes.kept")),
        after("repairer_of_a_publication", {kFive}, {kPut2Big}, "log.publish.marked"),
        after("repairer_of_a_put", {kFive}, {kPut2}, "log.append.committed"),
        after("repairer_of_a_return", {kFive},
              {kGet, kGet, kGet, {Verb::give_back_newest}, {Verb::give_back}}, "return.listed"),
        after("repairer_of_a_second_delivery",
              {kFive, kGet, kGet, {Verb::give_back}, {Verb::give_back}}, {kGet},
              "get.again.leased"),
        after("repairer_of_items_in_hand", {kFive}, {kGet, kGet, kGet}, "get.fast.copied"),
        last_chance(after("repairer_of_items_that_had_their_last_chance", {kFive}, {kGet, kGet},
                          "get.fast.copied")),
        plain(after("repairer_of_a_taking", {kFive}, {kGet}, "log.advance.taken")),
        plain(after("repairer_of_a_big_taking", {kFiveBig}, {kGet}, "log.advance.taken")),
        plain(after("repairer_of_a_taking_not_done", {kFiveBig}, {kGet}, "get.held")),
        plain(after("repairer_of_a_big_item_in_hand", {kFiveBig}, {kGet}, "get.copied")),
        {.name = "repairer_of_a_repairer_who_had_recorded_a_death",
         .prepare = {kFive},
         .act = notice,
         .predecessors = {{{kGet, kGet}, "get.fast.copied"}, {notice, "death.recorded"}}},
        {.name = "repairer_after_one_with_several_at_their_last_chance",
         .prepare =
             {kFive, kGet, kGet, kGet, {Verb::give_back}, {Verb::give_back}, {Verb::give_back}},
         .act = notice,
         .predecessors = {{{kGet, kGet, kGet}, "get.again.ended", 3}},
         .max_deliveries = 2},
        {.name = "producer_after_a_dead_one",
         .prepare = {kFive},
         .act = {{Verb::put, 20, 1}},
         .predecessors = {{{kPut2}, "log.append.committed"}}},
        {.name = "consumer_after_a_dead_one",
         .prepare = {kFive, kGet, {Verb::give_back}},
         .act = {kGet, kDone},
         .predecessors = {{{kGet}, "get.again.leased"}}},
        {.name = "finisher_after_a_dead_one",
         .prepare = {kFive},
         .act = {kGet, kDone},
         .predecessors = {{{kGet, kDone}, "done.committed"}}},
    };
}

}  // namespace

std::span<const Scenario> scenarios() {
    static const std::vector<Scenario> all = [] {
        std::vector<Scenario> joined;
        for (auto& part : {producers(), consumers(), returners(), plain_consumers(), shrinkers(),
                           others(), repairers()}) {
            joined.insert(joined.end(), part.begin(), part.end());
        }
        return joined;
    }();
    return all;
}

}  // namespace procession::testing
