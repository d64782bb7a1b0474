// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <stdexcept>

#include "instruction/scenario.h"

namespace procession::instruction {

namespace {

constexpr std::size_t kSmall = 40;
constexpr std::size_t kLarge = 4104;  // in a block of its own

Step small(int number) { return put(number, kSmall); }
Step large(int number) { return put(number, kLarge); }

Scenario scenario(std::string name, QueueKind kind, std::vector<Step> stage, Script actor) {
    Scenario made;
    made.name = std::move(name);
    made.kind = kind;
    made.stage = std::move(stage);
    made.actors.push_back(std::move(actor));
    return made;
}

Scenario near_a_chunks_end(Scenario made, std::uint32_t bytes_left, unsigned chunks_used = 0) {
    made.bytes_left = bytes_left;
    made.chunks_used = chunks_used;
    return made;
}
Scenario with_places(Scenario made, std::size_t maxsize) {
    made.maxsize = maxsize;
    return made;
}
Scenario with_deliveries(Scenario made, std::uint32_t max_deliveries) {
    made.max_deliveries = max_deliveries;
    return made;
}

using Scenarios = std::vector<Scenario>;

void add_puts(Scenarios& all, QueueKind kind) {
    const std::vector<Step> some{small(1), large(2)};
    all.push_back(scenario("put_small_into_empty", kind, {}, {{}, {small(10), small(11)}}));
    all.push_back(scenario("put_small", kind, some, {{}, {small(10)}}));
    all.push_back(scenario("put_large", kind, some, {{}, {large(10), large(11)}}));
    // A record of 40 bytes and its head fit; the next needs a chunk.
    all.push_back(near_a_chunks_end(
        scenario("put_into_a_fresh_chunk", kind, {}, {{}, {small(10), small(11)}}), 80));
    all.push_back(near_a_chunks_end(
        scenario("put_large_into_a_fresh_chunk", kind, some, {{}, {large(10), large(11)}}), 160));
    all.push_back(near_a_chunks_end(
        scenario("put_into_used_memory", kind, {small(1)}, {{}, {small(10), small(11)}}), 4000, 2));
    all.push_back(near_a_chunks_end(
        scenario("put_into_a_used_chunk", kind, {}, {{}, {small(10), small(11)}}), 80, 2));
    all.push_back(with_places(
        scenario("put_on_the_last_place", kind, some, {{}, {small(10), put_in_vain(11, 40)}}), 3));
    all.push_back(
        with_places(scenario("put_large_on_the_last_place", kind, some, {{}, {large(10)}}), 3));
    all.push_back(scenario("put_many", kind, some,
                           {{}, {put_many({{10, kSmall}, {11, kSmall}, {12, kLarge}, {13, 8}})}}));
    all.push_back(
        near_a_chunks_end(scenario("put_many_over_a_chunks_end", kind, {},
                                   {{}, {put_many({{10, kSmall}, {11, kSmall}, {12, kSmall}})}}),
                          160, 1));
    all.push_back(
        scenario("first_put_of_a_newcomer", kind, some, {{}, {small(10), large(11)}, true}));
}

void add_gets(Scenarios& all, QueueKind kind) {
    const std::vector<Step> some{small(1), small(2), large(3), small(4)};
    all.push_back(scenario("get_small", kind, some, {{}, {get(), get()}}));
    all.push_back(
        scenario("get_large", kind, {large(1), large(2), small(3)}, {{}, {get(), get()}}));
    all.push_back(scenario("get_the_last", kind, {small(1)}, {{}, {get(), get_in_vain()}}));
    all.push_back(with_places(
        scenario("get_from_a_full_queue", kind, {small(1), large(2)}, {{}, {get(), small(10)}}),
        2));
    all.push_back(near_a_chunks_end(scenario("get_over_a_chunks_end", kind,
                                             {small(1), small(2), large(3)}, {{}, {get_many(3)}}),
                                    160, 1));
    all.push_back(
        near_a_chunks_end(scenario("get_one_by_one_over_a_chunks_end", kind,
                                   {small(1), small(2), small(3)}, {{}, {get(), get(), get()}}),
                          160));
    all.push_back(scenario("get_many", kind, some, {{}, {get_many(4)}}));
    all.push_back(scenario("first_get_of_a_newcomer", kind, some, {{}, {get()}, true}));
}

void add_leases(Scenarios& all) {
    const QueueKind kind = QueueKind::joinable;
    const std::vector<Step> some{small(1), large(2), small(3)};
    all.push_back(
        scenario("finish_small", kind, {small(1), small(2)}, {{get(), get()}, {finish(1)}}));
    all.push_back(scenario("finish_large", kind, {large(1), small(2)}, {{get()}, {finish()}}));
    all.push_back(scenario("task_done_to_the_end", kind, some,
                           {{get_many(3)}, {task_done(), task_done(), task_done()}}));
    all.push_back(
        near_a_chunks_end(scenario("finish_frees_a_chunk", kind, {small(1), large(2), small(3)},
                                   {{get_many(3)}, {finish(2), finish(1), finish(0)}}),
                          160));
    all.push_back(near_a_chunks_end(
        scenario("get_and_finish_over_a_chunks_end", kind, {small(1), small(2), small(3)},
                 {{}, {get(), finish(), get(), finish(), get(), finish()}}),
        160, 1));
    all.push_back(scenario("give_back", kind, some, {{get()}, {give_back()}}));
    all.push_back(scenario("give_back_between_others", kind, {small(1), small(2), large(3)},
                           {{get_many(3), give_back(2), give_back(0)}, {give_back(0)}}));
    all.push_back(scenario("get_what_was_given_back", kind, some,
                           {{get_many(2), give_back(0), give_back(0)}, {get(), get(), get()}}));
    all.push_back(scenario("finish_what_was_given_back", kind, some,
                           {{get_many(2), give_back(0)}, {get(), finish(1), finish(0)}}));
    all.push_back(with_deliveries(scenario("give_back_once_too_often", kind, some,
                                           {{get(), get()}, {give_back(1), give_back(0)}}),
                                  1));
    all.push_back(with_deliveries(
        scenario("die_with_the_last_delivery", kind, some, {{}, {get(), get(), finish(1)}}), 1));
    all.push_back(scenario("reject_small", kind, some, {{get()}, {reject()}}));
    all.push_back(scenario("reject_large", kind, {large(1), small(2)}, {{get()}, {reject()}}));
    all.push_back(near_a_chunks_end(
        scenario("reject_frees_a_chunk", kind, {small(1), small(2)}, {{get_many(2)}, {reject(0)}}),
        160));
    all.push_back(
        scenario("close_with_items_in_hand", kind, some, {{get_many(3), finish(1)}, {close(2)}}));
    all.push_back(with_deliveries(
        scenario("close_with_the_last_delivery", kind, some, {{get_many(3)}, {close(3)}}), 1));
}

void add_ends(Scenarios& all, QueueKind kind) {
    const std::vector<Step> some{small(1), large(2), small(3)};
    all.push_back(scenario("shutdown", kind, some, {{}, {shut_down(), get()}}));
    all.push_back(scenario("shutdown_at_once", kind, some, {{get()}, {shut_down_now()}}));
    all.push_back(near_a_chunks_end(
        scenario("shutdown_at_once_over_chunks", kind, some, {{get()}, {shut_down_now()}}), 160));
    all.push_back(scenario("close", kind, some, {{small(4)}, {close()}}));
}

Scenarios make_single_scenarios() {
    Scenarios all;
    for (const QueueKind kind : {QueueKind::plain, QueueKind::joinable}) {
        const std::size_t from = all.size();
        add_puts(all, kind);
        add_gets(all, kind);
        add_ends(all, kind);
        if (kind == QueueKind::joinable) add_leases(all);
        const std::string prefix = kind == QueueKind::joinable ? "joinable_" : "plain_";
        for (std::size_t i = from; i < all.size(); ++i) all[i].name = prefix + all[i].name;
    }
    return all;
}

Scenario pair(std::string name, QueueKind kind, std::vector<Step> stage, Script one, Script other) {
    Scenario made = scenario(std::move(name), kind, std::move(stage), std::move(one));
    made.actors.push_back(std::move(other));
    return made;
}

Scenarios make_pair_scenarios() {
    const auto joinable = QueueKind::joinable;
    const auto plain = QueueKind::plain;
    const std::vector<Step> some{small(1), large(2), small(3)};
    return {
        pair("put_and_get", joinable, some, {{}, {small(10)}}, {{}, {get(), finish()}}),
        pair("put_and_get_plain", plain, some, {{}, {large(10)}}, {{}, {get(), get()}}),
        pair("put_and_get_the_only_item", joinable, {small(1)}, {{}, {large(10)}}, {{}, {get()}}),
        near_a_chunks_end(pair("put_links_a_chunk_get_leaves_it", joinable, {small(1), small(2)},
                               {{}, {small(10)}}, {{get()}, {get(), finish(), finish()}}),
                          160 + 24),
        pair("two_task_done", joinable, some, {{get()}, {task_done()}}, {{get()}, {task_done()}}),
        near_a_chunks_end(
            pair("two_task_done_free_one_chunk", joinable, some,
                 {{get(), get()}, {task_done(), task_done()}}, {{get()}, {task_done()}}),
            160),
        pair("finish_and_give_back", joinable, some, {{get()}, {finish()}},
             {{get()}, {give_back(), get()}}),
        pair("get_and_reject", joinable, some, {{}, {get()}}, {{get()}, {reject()}}),
        pair("put_large_and_reject", joinable, some, {{}, {large(10)}}, {{get()}, {reject()}}),
        pair("shutdown_and_finish", joinable, some, {{}, {shut_down()}}, {{get()}, {finish()}}),
        pair("two_puts", joinable, {small(1)}, {{}, {large(10)}}, {{}, {small(20)}}),
        pair("put_for_a_waiting_get", joinable, {}, {{}, {get()}}, {{}, {small(10), small(11)}}),
        with_places(
            pair("get_for_a_waiting_put", plain, {small(1)}, {{}, {small(10)}}, {{}, {get()}}), 1),
        pair("finish_for_a_waiting_join", joinable, {small(1)}, {{}, {join()}},
             {{get()}, {finish()}}),
        pair("two_gets", joinable, some, {{}, {get()}}, {{}, {get(), finish()}}),
    };
}

}  // namespace

const std::vector<Scenario>& single_scenarios() {
    static const Scenarios all = make_single_scenarios();
    return all;
}

const std::vector<Scenario>& pair_scenarios() {
    static const Scenarios all = make_pair_scenarios();
    return all;
}

const Scenario& scenario_named(const std::string& name) {
    for (const auto* all : {&single_scenarios(), &pair_scenarios()}) {
        for (const Scenario& each : *all) {
            if (each.name == name) return each;
        }
    }
    throw std::logic_error("there is no scenario " + name);
}

}  // namespace procession::instruction
