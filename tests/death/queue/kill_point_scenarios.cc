// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <vector>

#include "death/queue/subject.h"
#include "death/stage.h"

namespace procession::death {

namespace {

constexpr std::size_t kBig = 10'000;  // outside the log
const Act kPut2{Verb::put, 10, 2};
const Act kPut2Big{Verb::put, 10, 2, kBig};
const Act kFive{Verb::put, 0, 5};
const Act kFiveBig{Verb::put, 0, 5, kBig};
const Act kGet{Verb::get};
const Act kFinish{Verb::finish};
const Act kFinishNewest{Verb::finish, 0, 1, 0, kNewest};
const Act kGiveBackNewest{Verb::give_back, 0, 1, 0, kNewest};
// On an empty queue these leave the event counts armed, as waiters that gave up do.
const Act kArmItemBell{Verb::get};
const Act kArmJoinBell{Verb::join};

std::vector<QueueScenario> producers() {
    return {
        {.name = "puts_small_items", .prepare = {kFive}, .act = {kPut2}},
        {.name = "puts_big_items", .prepare = {kFive}, .act = {kPut2Big}},
        {.name = "puts_into_a_new_chunk",
         .setup = {.bytes_left = 280},
         .prepare = {kFive},
         .act = {kPut2}},
        {.name = "puts_many",
         .prepare = {kFive},
         .act = {{Verb::put_many, 10, 5, 20, kOldest, 5000}}},
        {.name = "puts_an_item_that_memory_must_grow_for",
         .prepare = {kFive},
         .act = {{Verb::put, 10, 1, 300'000}}},
        {.name = "puts_an_item_for_which_free_blocks_must_be_joined",
         .setup = {.memory_limit = 300'000},
         .prepare = {{Verb::put, 0, 4, 40'000},
                     kGet,
                     kGet,
                     kGet,
                     kGet,
                     kFinish,
                     kFinish,
                     kFinish,
                     kFinish},
         .act = {{Verb::put, 10, 1, 150'000}}},
        {.name = "puts_many_small_items_into_two_chunks",
         .setup = {.bytes_left = 328},
         .prepare = {kFive},
         .act = {{Verb::put_many, 10, 6}}},
        {.name = "puts_as_many_as_there_is_room_for",
         .setup = {.maxsize = 4},
         .prepare = {{Verb::put, 0, 4}, kGet, kGet, kFinish, kFinish},
         .act = {{Verb::put_many, 10, 4}, kGet, {Verb::put_many, 20, 2}}},
        {.name = "makes_items_in_place",
         .prepare = {kFive},
         .act = {{Verb::put_loan, 10, 2, kBig}, {Verb::drop_loan, 0, 1, kBig}}},
        {.name = "plain_makes_items_in_place",
         .setup = {.joinable = false},
         .prepare = {kFive},
         .act = {{Verb::put_loan, 10, 2, kBig}, {Verb::drop_loan, 0, 1, kBig}}},
        {.name = "puts_an_item_where_the_last_block_is_free",
         .setup = {.memory_limit = 300'000},
         .prepare = {{Verb::put, 0, 1, 100'000}, kGet, kFinish},
         .act = {{Verb::put, 10, 1, 200'000}}},
        {.name = "puts_where_somebody_may_sleep", .prepare = {kArmItemBell}, .act = {kPut2}},
        {.name = "puts_when_it_is_full",
         .setup = {.maxsize = 2},
         .prepare = {{Verb::put, 0, 2}},
         .act = {{Verb::put, 10, 1}, kGet, {Verb::put, 11, 1}, {Verb::put, 12, 1, kBig}}},
        {.name = "puts_while_the_holder_of_the_lock_lets_go",
         .prepare = {kFive},
         .act = {{Verb::put, 10, 1}},
         .meets_a_holder = true},
        {.name = "plain_puts_small_items",
         .setup = {.joinable = false},
         .prepare = {kFive},
         .act = {kPut2}},
        {.name = "plain_puts_big_items",
         .setup = {.joinable = false},
         .prepare = {kFive},
         .act = {kPut2Big}},
        {.name = "plain_puts_many",
         .setup = {.joinable = false},
         .prepare = {kFive},
         .act = {{Verb::put_many, 10, 5, 20, kOldest, 5000}}},
    };
}

std::vector<QueueScenario> consumers() {
    const QueueScript three{kGet, kFinish, kGet, kFinish, kGet, kFinish};
    return {
        {.name = "finishes_small_items", .prepare = {kFive}, .act = three},
        {.name = "finishes_big_items", .prepare = {kFiveBig}, .act = three},
        {.name = "finishes_items_of_two_chunks",
         .setup = {.bytes_left = 152},
         .prepare = {kFive},
         .act = {kGet, kFinish, kGet, kFinish, kGet, kFinish, kGet, kFinish}},
        {.name = "finishes_a_chunk_after_leaving_it",
         .setup = {.bytes_left = 152},
         .prepare = {kFive},
         .act = {{Verb::get_many, 0, 5}, kFinish, kFinish, kFinish, kFinish, kFinish}},
        {.name = "finishes_many_backwards",
         .prepare = {kFive},
         .act = {{Verb::get_many, 0, 4}, kFinishNewest, kFinishNewest, kFinishNewest}},
        {.name = "says_task_done_where_somebody_may_join",
         .prepare = {{Verb::put, 0, 1}, kArmJoinBell},
         .act = {kGet, {Verb::task_done}}},
        {.name = "gets_many_with_returned_ones_before_them",
         .prepare = {kFive, kGet, kGet, kGiveBackNewest, kFinish},
         .act = {{Verb::get_many, 0, 3}, kFinish}},
        {.name = "looks_at_items_in_place",
         .prepare = {{Verb::put, 0, 2, kBig}, {Verb::put, 2, 1}},
         .act = {{Verb::borrow}, kFinish, {Verb::borrow}, {Verb::borrow}, kFinish, kFinish}},
        {.name = "rejects", .prepare = {kFive}, .act = {kGet, kGet, {Verb::reject}, kFinish}},
        {.name = "rejects_a_big_item",
         .prepare = {kFiveBig},
         .act = {kGet, {Verb::reject}, kGet, {Verb::reject}}},
        {.name = "gets_what_does_not_decode",
         .prepare = {{Verb::put_undecodable, 0}, {Verb::put, 1, 2}},
         .act = {kGet, kGet, kFinish}},
        {.name = "gets_what_it_has_no_memory_for",
         .prepare = {kFive},
         .act = {{Verb::undeliver}, {Verb::undeliver}, kGet, kFinish}},
        {.name = "waits_in_vain", .act = {{Verb::wait_a_little}}},
        {.name = "makes_room_where_somebody_may_sleep",
         .setup = {.maxsize = 2},
         .prepare = {{Verb::put, 0, 3}},
         .act = {kGet, kFinish}},
    };
}

std::vector<QueueScenario> returners() {
    return {
        {.name = "gives_back",
         .prepare = {kFive},
         .act = {kGet,
                 kGet,
                 kGet,
                 {Verb::give_back},
                 kGiveBackNewest,
                 {Verb::give_back},
                 kGet,
                 kFinish}},
        {.name = "gives_back_in_a_tangled_order",
         .prepare = {kFive},
         .act = {kGet,
                 kGet,
                 kGet,
                 kGet,
                 {Verb::give_back},
                 kGiveBackNewest,
                 {Verb::give_back},
                 {Verb::give_back},
                 kGet,
                 kGet,
                 kFinish}},
        {.name = "takes_again_what_was_given_back",
         .prepare = {kFive, kGet, kGet, kGiveBackNewest, {Verb::give_back}},
         .act = {kGet, kGet, kFinish, {Verb::give_back}, kGet}},
        {.name = "takes_again_a_big_item",
         .prepare = {kFiveBig, kGet, {Verb::give_back}},
         .act = {kGet, kFinish, kGet}},
        {.name = "takes_several_for_the_last_time",
         .setup = {.max_deliveries = 2},
         .prepare =
             {kFive, kGet, kGet, kGet, {Verb::give_back}, {Verb::give_back}, {Verb::give_back}},
         .act = {kGet, kGet, kGet, kGet}},
        {.name = "gives_back_for_the_last_time",
         .setup = {.max_deliveries = 1},
         .prepare = {kFive},
         .act = {kGet, {Verb::give_back}, kGet, {Verb::give_back}}},
    };
}

std::vector<QueueScenario> plain_consumers() {
    return {
        {.name = "plain_gets_small_items",
         .setup = {.joinable = false},
         .prepare = {kFive},
         .act = {kGet, kGet, kGet}},
        {.name = "plain_gets_big_items",
         .setup = {.joinable = false},
         .prepare = {kFiveBig},
         .act = {kGet, kGet}},
        {.name = "plain_gets_items_of_two_chunks",
         .setup = {.joinable = false, .bytes_left = 80},
         .prepare = {kFive},
         .act = {kGet, kGet, kGet, kGet}},
        {.name = "plain_gets_many",
         .setup = {.joinable = false},
         .prepare = {{Verb::put, 0, 2}, {Verb::put, 2, 2, kBig}},
         .act = {{Verb::get_many, 0, 4}}},
        {.name = "plain_looks_at_items_in_place",
         .setup = {.joinable = false},
         .prepare = {{Verb::put, 0, 2, kBig}, {Verb::put, 2, 1}},
         .act = {{Verb::borrow}, {Verb::borrow}, {Verb::borrow}}},
        {.name = "plain_gets_many_of_two_chunks",
         .setup = {.joinable = false, .bytes_left = 80},
         .prepare = {kFive},
         .act = {{Verb::get_many, 0, 4}}},
        {.name = "plain_gets_what_does_not_decode",
         .setup = {.joinable = false},
         .prepare = {{Verb::put_undecodable, 0}, {Verb::put, 1, 2}},
         .act = {kGet, kGet}},
    };
}

// What is free beyond a quarter of the limit goes back to the system, and comes again.
std::vector<QueueScenario> shrinkers() {
    constexpr std::uint64_t kUnit = 4096;
    const auto finished = [](int count) {
        QueueScript script;
        for (int i = 0; i < count; ++i) script.insert(script.end(), {kGet, kFinish});
        return script;
    };
    const auto joined = [](const QueueScript& first, const QueueScript& then) {
        return first + then;
    };
    const Act four{Verb::put, 0, 4, 300'000};
    const Act many{Verb::put, 0, 15, 60'000};
    const QueueScript two_large{{Verb::put, 10, 1, 560'000}, {Verb::put, 11, 1, 400'000}};
    return {
        {.name = "gives_memory_back",
         .setup = {.memory_limit = 512 * kUnit},
         .prepare = joined({four}, finished(2)),
         .act = joined(finished(2), {{Verb::put, 10, 1}})},
        {.name = "gives_back_what_memory_had_grown_ahead",
         .setup = {.memory_limit = 512 * kUnit},
         .prepare = joined({four, {Verb::put, 4, 1, 60'000}}, finished(4)),
         .act = finished(1)},
        {.name = "takes_memory_that_was_given_back",
         .setup = {.memory_limit = 512 * kUnit},
         .prepare = joined({four}, finished(4)),
         .act = joined(two_large, {kGet, kFinish})},
        {.name = "takes_small_pieces_of_memory_that_was_given_back",
         .setup = {.memory_limit = 512 * kUnit},
         .prepare = joined({four}, finished(4)),
         .act = {{Verb::put, 10, 2, 12'000}}},
        {.name = "gives_the_memory_of_neighbours_back",
         .setup = {.memory_limit = 300 * kUnit},
         .prepare = joined({many}, finished(12)),
         .act = finished(3)},
        {.name = "joins_what_has_memory_and_what_has_none",
         .setup = {.memory_limit = 300 * kUnit},
         .prepare = joined({many}, finished(15)),
         .act = {{Verb::put, 10, 1, 800'000}, kGet, kFinish}},
        {.name = "joins_all_at_the_end_and_grows_again",
         .setup = {.memory_limit = 300 * kUnit},
         .prepare = joined({many}, finished(15)),
         .act = {{Verb::put, 10, 1, 1'020'000}}},
        {.name = "plain_gives_memory_back",
         .setup = {.joinable = false, .memory_limit = 512 * kUnit},
         .prepare = {four, kGet, kGet},
         .act = {kGet, kGet, {Verb::put, 10, 1}}},
        {.name = "repairer_of_memory_half_given_back",
         .setup = {.memory_limit = 512 * kUnit},
         .prepare = joined({four}, finished(2)),
         .act = {{Verb::notice}},
         .predecessors = {{finished(2), "pool.decommit.marked"}}},
        {.name = "repairer_of_memory_half_taken_again",
         .setup = {.memory_limit = 300 * kUnit},
         .prepare = joined({many}, finished(15)),
         .act = {{Verb::notice}},
         .predecessors = {{{{Verb::put, 10, 1, 800'000}}, "pool.commit.committed"}}},
    };
}

std::vector<QueueScenario> others() {
    return {
        {.name = "joiner_of_finished_work",
         .prepare = {{Verb::put, 0, 2}, kGet, kFinish},
         .act = {{Verb::join}, kGet, kFinish, {Verb::join}}},
        {.name = "joiner_who_drops_what_a_dead_shutter_left",
         .prepare = {{Verb::put, 0, 3}, kGet, {Verb::give_back}},
         .act = {{Verb::join}},
         .predecessors = {{{{Verb::shut_down_now}}, "shutdown.stored"}}},
        {.name = "shutter", .prepare = {kFive}, .act = {{Verb::shut_down}}},
        {.name = "shutter_who_drops_what_is_left",
         .prepare = {{Verb::put, 0, 2}, {Verb::put, 2, 1, kBig}, kGet, {Verb::give_back}},
         .act = {kGet, {Verb::shut_down_now}}},
        {.name = "plain_shutter_who_drops_what_is_left",
         .setup = {.joinable = false},
         .prepare = {{Verb::put, 0, 2}, {Verb::put, 2, 1, kBig}},
         .act = {{Verb::shut_down_now}}},
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
         .setup = {.max_deliveries = 1},
         .prepare = {kFive},
         .act = {kGet, kGet, {Verb::close}}},
        {.name = "plain_closer",
         .setup = {.joinable = false},
         .prepare = {kFive},
         .act = {kGet, {Verb::close}}},
        {.name = "taker_of_dead_letters",
         .prepare = {kFive, kGet, {Verb::reject}, kGet, {Verb::reject}},
         .act = {{Verb::take_letters}}},
    };
}

// Each repairs after one death; the pairs repair after every death.
std::vector<QueueScenario> repairers() {
    const QueueScript notice{{Verb::notice}};
    const auto after = [&](const char* name, QueueScript prepare, QueueScript act,
                           const char* step) {
        return QueueScenario{.name = name,
                             .prepare = std::move(prepare),
                             .act = notice,
                             .predecessors = {{std::move(act), step}}};
    };
    const auto plain = [](QueueScenario scenario) {
        scenario.setup.joinable = false;
        return scenario;
    };
    const auto last_chance = [](QueueScenario scenario) {
        scenario.setup.max_deliveries = 1;
        return scenario;
    };
    return {
        after("repairer_of_a_finish", {kFiveBig}, {kGet, kGet, kFinish}, "finish.committed"),
        after("repairer_of_a_quick_finish", {kFive}, {kGet, kGet, kFinish}, "done.committed"),
        after("repairer_of_a_rejection", {kFive}, {kGet, kGet, {Verb::reject}},
              "dead_letter.committed"),
        plain(after("repairer_of_lost_bytes", {{Verb::put_undecodable, 0}, {Verb::put, 1, 1}},
                    {kGet}, "lost_bytes.kept")),
        after("repairer_of_a_publication", {kFive}, {kPut2Big}, "log.publish.marked"),
        after("repairer_of_a_put", {kFive}, {kPut2}, "log.append.committed"),
        after("repairer_of_a_return", {kFive},
              {kGet, kGet, kGet, kGiveBackNewest, {Verb::give_back}}, "return.listed"),
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
         .setup = {.max_deliveries = 2},
         .prepare =
             {kFive, kGet, kGet, kGet, {Verb::give_back}, {Verb::give_back}, {Verb::give_back}},
         .act = notice,
         .predecessors = {{{kGet, kGet, kGet}, "get.again.ended", 3}}},
        {.name = "producer_after_a_dead_one",
         .prepare = {kFive},
         .act = {{Verb::put, 20, 1}},
         .predecessors = {{{kPut2}, "log.append.committed"}}},
        {.name = "consumer_after_a_dead_one",
         .prepare = {kFive, kGet, {Verb::give_back}},
         .act = {kGet, kFinish},
         .predecessors = {{{kGet}, "get.again.leased"}}},
        {.name = "finisher_after_a_dead_one",
         .prepare = {kFive},
         .act = {kGet, kFinish},
         .predecessors = {{{kGet, kFinish}, "done.committed"}}},
    };
}

}  // namespace

std::span<const QueueScenario> QueueSubject::scenarios() {
    static const std::vector<QueueScenario> all = [] {
        std::vector<QueueScenario> joined;
        for (auto& part : {producers(), consumers(), returners(), plain_consumers(), shrinkers(),
                           others(), repairers()}) {
            joined.insert(joined.end(), part.begin(), part.end());
        }
        return joined;
    }();
    return all;
}

}  // namespace procession::death
