// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A participant dies at every point of its script; then its repairers meet, or die as well.

#include <gtest/gtest.h>

#include "schedule/cases.h"

namespace procession::schedule {
namespace {

struct Victim {
    const char* name;
    QueueScript script;
    bool holds = false;
    std::size_t item_bytes = 8;
    std::uint32_t bytes_left = 0;
};

const Victim kVictims[] = {
    {"put", {put(1)}},
    {"put_of_a_big_item", {put(1, 5000)}, false, 5000},
    {"put_into_a_new_chunk", {put(1)}, false, 8, 96},
    {"get_and_task_done", {get(), finish()}},
    {"get_of_a_big_item_and_task_done", {get(), finish()}, false, 5000},
    {"give_back", {give_back()}, true},
    {"reject", {reject()}, true},
    {"close", {call(Verb::close)}, true},
};

class Repair : public ::testing::TestWithParam<std::size_t> {
  protected:
    Repair() {
        story.before = {put(7, victim().item_bytes), put(8, victim().item_bytes)};
        story.setup.bytes_left = victim().bytes_left;
        if (victim().holds) story.first_acts = {{get()}};
        story.alone = 1;
    }
    const Victim& victim() const { return kVictims[GetParam()]; }
    int preemptions() const {
        const bool is_long = victim().item_bytes > 8 || victim().bytes_left > 0;
        return (is_soak() ? 2 : 0) + (is_long ? 0 : 1);
    }
    std::string name(const std::string& rest) const {
        return "death in " + std::string(victim().name) + ", then " + rest;
    }
    QueueStory story;
};

TEST_P(Repair, two_repairers_meet) {
    story.scripts = {victim().script, {call(Verb::notice)}, {call(Verb::notice)}};
    explore(name("repairer || repairer"), story, {preemptions(), 1, 0});
}

TEST_P(Repair, a_repairer_meets_a_consumer) {
    story.scripts = {victim().script, {call(Verb::notice)}, {get()}};
    explore(name("repairer || get"), story, {preemptions(), 1, 0});
}

TEST_P(Repair, a_repairer_meets_a_producer) {
    story.scripts = {victim().script, {call(Verb::notice)}, {put(2, victim().item_bytes)}};
    explore(name("repairer || put"), story, {preemptions(), 1, 0});
}

TEST_P(Repair, a_repairer_dies_as_well) {
    story.scripts = {victim().script, {call(Verb::notice)}, {call(Verb::notice)}};
    story.alone = 2;
    explore(name("death in its repair, then the next repairer"), story,
            {0, 2, 0, is_soak() ? 1U : 4U});
}

TEST_P(Repair, a_newcomer_takes_the_slot_while_another_repairs) {
    story.scripts = {victim().script, {put(2, victim().item_bytes)}, {call(Verb::notice)}};
    story.newcomers = {1};
    explore(name("newcomer || repairer"), story, {preemptions(), 1, 0});
}

// When notice_deaths() returns, the item of a dead consumer is back, whichever process has put it
// back: also when another one has the claim, at whatever point that one is, or dies.
TEST(RepairByAnother, is_awaited_by_notice_deaths) {
    QueueStory story;
    story.before = {put(7)};
    story.first_acts = {{get()}};
    story.scripts = {
        {give_back()}, {call(Verb::notice)}, {call(Verb::notice), call(Verb::expect_item)}};
    story.alone = 1;
    const int more = is_soak() ? 1 : 0;
    explore("repairer || repairer that then finds the item", story, {1 + more, 1, 0});
    explore("the same, and another death", story, {0 + more, 2, 0, is_soak() ? 1U : 4U});
}

std::string victim_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return kVictims[info.param].name;
}
INSTANTIATE_TEST_SUITE_P(After, Repair, ::testing::Range(std::size_t{0}, std::size(kVictims)),
                         victim_name);

}  // namespace
}  // namespace procession::schedule
