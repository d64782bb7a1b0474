// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "death/queue/subject.h"

namespace procession::death {

namespace {

constexpr std::size_t kSmall = 40;
constexpr std::size_t kLarge = 4104;  // in a block of its own

Act patient(Act act) {
    act.patience = Patience::any;
    return act;
}
Act put(int number, std::size_t bytes) { return patient({Verb::put, number, 1, bytes}); }
Act small(int number) { return put(number, kSmall); }
Act large(int number) { return put(number, kLarge); }
Act small_ones(int number, int count, std::size_t third = 0) {
    return patient({Verb::put_many, number, count, kSmall, kOldest, third});
}
Act put_in_vain(int number) { return {Verb::put, number, 1, kSmall}; }
Act get() { return patient({Verb::get}); }
Act get_many(int count) { return patient({Verb::get_many, 0, count}); }
Act get_in_vain() { return {Verb::get}; }
Act join() { return patient({Verb::join}); }
Act finish(int pick = 0) { return {Verb::finish, 0, 1, 0, pick}; }
Act give_back(int pick = 0) { return {Verb::give_back, 0, 1, 0, pick}; }
Act reject(int pick = 0) { return {Verb::reject, 0, 1, 0, pick}; }
Act task_done() { return {Verb::task_done}; }
Act shut_down() { return {Verb::shut_down}; }
Act shut_down_now() { return {Verb::shut_down_now}; }
Act close() { return {Verb::close}; }

/// What the actor does undisturbed, and then observed instruction by instruction.
struct Part {
    QueueScript before{};
    QueueScript observed{};
    bool is_newcomer = false;  // its first observed call makes it a participant
};

QueueScenario scenario(std::string name, bool joinable, QueueScript stage, Part actor) {
    QueueScenario made;
    made.name = std::move(name);
    made.setup.joinable = joinable;
    made.prepare = std::move(stage);
    made.before = std::move(actor.before);
    made.act = std::move(actor.observed);
    made.is_newcomer = actor.is_newcomer;
    return made;
}

QueueScenario near_a_chunks_end(QueueScenario made, std::uint32_t bytes_left,
                                unsigned chunks_used = 0) {
    made.setup.bytes_left = bytes_left;
    made.setup.chunks_used = chunks_used;
    return made;
}
QueueScenario with_places(QueueScenario made, std::size_t maxsize) {
    made.setup.maxsize = maxsize;
    return made;
}
QueueScenario with_deliveries(QueueScenario made, std::uint32_t max_deliveries) {
    made.setup.max_deliveries = max_deliveries;
    return made;
}

using Scenarios = std::vector<QueueScenario>;

void add_puts(Scenarios& all, bool joinable) {
    const QueueScript some{small(1), large(2)};
    all.push_back(scenario("put_small_into_empty", joinable, {}, {{}, {small(10), small(11)}}));
    all.push_back(scenario("put_small", joinable, some, {{}, {small(10)}}));
    all.push_back(scenario("put_large", joinable, some, {{}, {large(10), large(11)}}));
    // A record of 40 bytes and its head fit; the next needs a chunk.
    all.push_back(near_a_chunks_end(
        scenario("put_into_a_fresh_chunk", joinable, {}, {{}, {small(10), small(11)}}), 80));
    all.push_back(near_a_chunks_end(
        scenario("put_large_into_a_fresh_chunk", joinable, some, {{}, {large(10), large(11)}}),
        160));
    all.push_back(near_a_chunks_end(
        scenario("put_into_used_memory", joinable, {small(1)}, {{}, {small(10), small(11)}}), 4000,
        2));
    all.push_back(near_a_chunks_end(
        scenario("put_into_a_used_chunk", joinable, {}, {{}, {small(10), small(11)}}), 80, 2));
    all.push_back(with_places(
        scenario("put_on_the_last_place", joinable, some, {{}, {small(10), put_in_vain(11)}}), 3));
    all.push_back(
        with_places(scenario("put_large_on_the_last_place", joinable, some, {{}, {large(10)}}), 3));
    all.push_back(scenario("put_many", joinable, some, {{}, {small_ones(10, 4, kLarge)}}));
    all.push_back(near_a_chunks_end(
        scenario("put_many_over_a_chunks_end", joinable, {}, {{}, {small_ones(10, 3)}}), 160, 1));
    all.push_back(
        scenario("first_put_of_a_newcomer", joinable, some, {{}, {small(10), large(11)}, true}));
}

void add_gets(Scenarios& all, bool joinable) {
    const QueueScript some{small(1), small(2), large(3), small(4)};
    all.push_back(scenario("get_small", joinable, some, {{}, {get(), get()}}));
    all.push_back(
        scenario("get_large", joinable, {large(1), large(2), small(3)}, {{}, {get(), get()}}));
    all.push_back(scenario("get_the_last", joinable, {small(1)}, {{}, {get(), get_in_vain()}}));
    all.push_back(with_places(
        scenario("get_from_a_full_queue", joinable, {small(1), large(2)}, {{}, {get(), small(10)}}),
        2));
    all.push_back(near_a_chunks_end(scenario("get_over_a_chunks_end", joinable,
                                             {small(1), small(2), large(3)}, {{}, {get_many(3)}}),
                                    160, 1));
    all.push_back(
        near_a_chunks_end(scenario("get_one_by_one_over_a_chunks_end", joinable,
                                   {small(1), small(2), small(3)}, {{}, {get(), get(), get()}}),
                          160));
    all.push_back(scenario("get_many", joinable, some, {{}, {get_many(4)}}));
    all.push_back(scenario("first_get_of_a_newcomer", joinable, some, {{}, {get()}, true}));
}

void add_leases(Scenarios& all) {
    const bool joinable = true;
    const QueueScript some{small(1), large(2), small(3)};
    all.push_back(
        scenario("finish_small", joinable, {small(1), small(2)}, {{get(), get()}, {finish(1)}}));
    all.push_back(scenario("finish_large", joinable, {large(1), small(2)}, {{get()}, {finish()}}));
    all.push_back(scenario("task_done_to_the_end", joinable, some,
                           {{get_many(3)}, {task_done(), task_done(), task_done()}}));
    all.push_back(
        near_a_chunks_end(scenario("finish_frees_a_chunk", joinable, {small(1), large(2), small(3)},
                                   {{get_many(3)}, {finish(2), finish(1), finish(0)}}),
                          160));
    all.push_back(near_a_chunks_end(
        scenario("get_and_finish_over_a_chunks_end", joinable, {small(1), small(2), small(3)},
                 {{}, {get(), finish(), get(), finish(), get(), finish()}}),
        160, 1));
    all.push_back(scenario("give_back", joinable, some, {{get()}, {give_back()}}));
    all.push_back(scenario("give_back_between_others", joinable, {small(1), small(2), large(3)},
                           {{get_many(3), give_back(2), give_back(0)}, {give_back(0)}}));
    all.push_back(scenario("get_what_was_given_back", joinable, some,
                           {{get_many(2), give_back(0), give_back(0)}, {get(), get(), get()}}));
    all.push_back(scenario("finish_what_was_given_back", joinable, some,
                           {{get_many(2), give_back(0)}, {get(), finish(1), finish(0)}}));
    all.push_back(with_deliveries(scenario("give_back_once_too_often", joinable, some,
                                           {{get(), get()}, {give_back(1), give_back(0)}}),
                                  1));
    all.push_back(with_deliveries(
        scenario("die_with_the_last_delivery", joinable, some, {{}, {get(), get(), finish(1)}}),
        1));
    all.push_back(scenario("reject_small", joinable, some, {{get()}, {reject()}}));
    all.push_back(scenario("reject_large", joinable, {large(1), small(2)}, {{get()}, {reject()}}));
    all.push_back(near_a_chunks_end(scenario("reject_frees_a_chunk", joinable, {small(1), small(2)},
                                             {{get_many(2)}, {reject(0)}}),
                                    160));
    all.push_back(scenario("close_with_items_in_hand", joinable, some,
                           {{get_many(3), finish(1)}, {close()}}));
    all.push_back(with_deliveries(
        scenario("close_with_the_last_delivery", joinable, some, {{get_many(3)}, {close()}}), 1));
}

void add_ends(Scenarios& all, bool joinable) {
    const QueueScript some{small(1), large(2), small(3)};
    all.push_back(scenario("shutdown", joinable, some, {{}, {shut_down(), get()}}));
    all.push_back(scenario("shutdown_at_once", joinable, some, {{get()}, {shut_down_now()}}));
    all.push_back(near_a_chunks_end(
        scenario("shutdown_at_once_over_chunks", joinable, some, {{get()}, {shut_down_now()}}),
        160));
    all.push_back(scenario("close", joinable, some, {{small(4)}, {close()}}));
}

Scenarios make_single_scenarios() {
    Scenarios all;
    for (const bool joinable : {false, true}) {
        const std::size_t from = all.size();
        add_puts(all, joinable);
        add_gets(all, joinable);
        add_ends(all, joinable);
        if (joinable) add_leases(all);
        const std::string prefix = joinable ? "joinable_" : "plain_";
        for (std::size_t i = from; i < all.size(); ++i) all[i].name = prefix + all[i].name;
    }
    return all;
}

QueueScenario pair(std::string name, bool joinable, QueueScript stage, Part one, Part other) {
    QueueScenario made = scenario(std::move(name), joinable, std::move(stage), std::move(one));
    made.other_before = std::move(other.before);
    made.other = std::move(other.observed);
    return made;
}

Scenarios make_pair_scenarios() {
    const bool joinable = true;
    const bool plain = false;
    const QueueScript some{small(1), large(2), small(3)};
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

std::span<const QueueScenario> single_scenarios() {
    static const Scenarios all = make_single_scenarios();
    return all;
}

std::span<const QueueScenario> pair_scenarios() {
    static const Scenarios all = make_pair_scenarios();
    return all;
}

const QueueScenario& scenario_named(const std::string& name) {
    for (const auto all : {single_scenarios(), pair_scenarios()}) {
        for (const QueueScenario& each : all) {
            if (each.name == name) return each;
        }
    }
    throw std::logic_error("there is no scenario " + name);
}

}  // namespace procession::death
