// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The laboratory itself: would it notice a library that stores in a wrong order, or whose recovery
// forgets something? Each mutant is an instant that the library never makes.

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <set>

#include "instruction/mutant.h"

namespace procession::instruction {
namespace {

struct Tally {
    unsigned tried = 0;
    unsigned noticed = 0;
    std::map<std::string, unsigned> missed;

    void add(Verdict verdict, const std::string& what) {
        ++tried;
        EXPECT_NE(verdict, Verdict::crashed) << what;
        if (verdict == Verdict::noticed) ++noticed;
        if (verdict == Verdict::unnoticed) ++missed[what];
    }
    void print(const std::string& title) const {
        std::printf("%s: %u of %u noticed; not:", title.c_str(), noticed, tried);
        for (const auto& [what, times] : missed) std::printf(" %s x%u,", what.c_str(), times);
        std::printf("\n");
    }
};

// The store between two moments, named in the light of a third.
std::string store_name(const QueueTrace& trace, std::size_t to, const Image& light) {
    const Image& before = trace.moments[to - 1].image;
    const Image& after = trace.moments[to].image;
    const auto words = words_between(before, after);
    if (words.empty()) return "nothing";
    // The name that the place has there, the half of the word that has changed here.
    const std::uint64_t word = words.front();
    const bool is_low_half =
        word + 4 > before.size() || std::memcmp(&before[word], &after[word], 4) != 0;
    return name_of_word(light, is_low_half ? word : word + 4);
}

// Of the copy of a large payload, every so many stores are enough.
constexpr std::size_t kCopiesSkipped = 32;
bool is_skipped(const std::string& store, std::size_t at) {
    return store == "block" && at % kCopiesSkipped != 0;
}

bool commits_something(const QueueTrace& trace, std::size_t at) {
    return trace.moments[at].happened != trace.moments[at - 1].happened;
}

// The commit at `commit` is stored although the store at `dropped` before it is not.
Verdict drop(const QueueTrace& trace, std::size_t dropped, std::size_t commit) {
    const auto& moments = trace.moments;
    Image image = moments[dropped - 1].image;
    for (std::size_t later = dropped + 1; later <= commit; ++later) {
        image = with_changes(std::move(image), moments[later - 1].image, moments[later].image);
    }
    return judge(image, moments[dropped - 1], moments[commit]);
}

// Drops each store before each commit in turn. Returns the names of those whose loss was noticed
// every time.
std::set<std::string> drop_each_store_before_a_commit(const QueueTrace& trace, Tally& tally) {
    std::map<std::string, bool> noticed;
    std::size_t start = 0;
    for (std::size_t commit = 1; commit < trace.moments.size(); ++commit) {
        if (!commits_something(trace, commit)) continue;
        for (std::size_t dropped = start + 1; dropped < commit; ++dropped) {
            const auto name = store_name(trace, dropped, trace.moments[commit].image);
            if (is_skipped(name, dropped) && dropped + 1 != commit) continue;
            const Verdict verdict = drop(trace, dropped, commit);
            tally.add(verdict, name);
            noticed.emplace(name, true).first->second &= verdict == Verdict::noticed;
        }
        start = commit;
    }
    std::set<std::string> names;
    for (const auto& [name, always] : noticed) {
        if (always) names.insert(name);
    }
    return names;
}

struct Critical {
    const char* scenario;
    std::vector<std::string> stores;  // whose loss before the commit must be noticed
};

// Not noticed, rightly: counts and positions, which a repair makes anew under the dead one's lock;
// the taking of a lock, where no other participant is; what is written again before it is read.
const Critical kCritical[] = {
    {"joinable_put_into_used_memory", {"payload", "word behind the last record"}},
    {"plain_put_into_used_memory", {"payload", "word behind the last record"}},
    {"joinable_put_into_a_used_chunk", {"payload"}},
    {"joinable_put_large", {"block", "unit table"}},
    {"joinable_get_small", {"lease"}},
    {"plain_get_large", {"unit table"}},
    {"joinable_finish_small", {}},
    {"joinable_reject_small", {}},
};

class LostStore : public ::testing::TestWithParam<std::size_t> {};

TEST_P(LostStore, before_a_commit_is_noticed) {
    const Critical& critical = kCritical[GetParam()];
    const OneProcessor here;
    const QueueTrace trace = trace_of(scenario_named(critical.scenario));
    Tally tally;
    const auto noticed = drop_each_store_before_a_commit(trace, tally);
    tally.print(critical.scenario);
    for (const std::string& store : critical.stores) {
        EXPECT_TRUE(noticed.contains(store)) << "the loss of the store to: " << store;
    }
}

std::string name_of_critical(const ::testing::TestParamInfo<std::size_t>& tested) {
    return kCritical[tested.param].scenario;
}
INSTANTIATE_TEST_SUITE_P(Each, LostStore, ::testing::Range(std::size_t{0}, std::size(kCritical)),
                         name_of_critical);

// Two neighbouring stores in the other order, and death between them: only the later one is there.
void swap_neighbours(const std::string& name, Tally& tally) {
    const QueueTrace trace = trace_of(scenario_named(name));
    for (std::size_t at = 1; at + 1 < trace.moments.size(); ++at) {
        const Image& light = trace.moments[at + 1].image;
        const auto earlier = store_name(trace, at, light);
        const bool is_commit = commits_something(trace, at + 1);
        if (is_skipped(earlier, at) && !is_commit) continue;
        const Verdict verdict = drop(trace, at, at + 1);
        const auto what = name + ": " + store_name(trace, at + 1, light) + " before " + earlier;
        tally.add(verdict, what);
        EXPECT_FALSE(is_commit && verdict != Verdict::noticed) << what;
    }
}

TEST(Mutants, a_commit_that_overtakes_the_store_before_it_is_noticed) {
    const OneProcessor here;
    Tally tally;
    for (const auto& critical : kCritical) swap_neighbours(critical.scenario, tally);
    tally.print("neighbouring stores swapped");
}

// What a repair would leave that forgot something: a damage to the words of one name, wherever the
// victim has just stored one.
struct Damage {
    const char* title;
    const char* scenario;
    const char* store;
    void (*spoil)(std::uint64_t& word);
    bool only_at_the_end = false;
};

constexpr std::uint64_t kOwner = 0xffff00;
void give_to_another(std::uint64_t& word) { word = (word & ~kOwner) | 0x7700; }

const Damage kDamages[] = {
    {"the items of a dead owner are not found", "joinable_get_small", "lease", give_to_another},
    {"the blocks of a dead owner are not found", "joinable_put_large", "unit table",
     give_to_another},
    {"the word behind the last record is of before", "joinable_put_into_used_memory",
     "word behind the last record", [](std::uint64_t& word) { word = 0x0000000101010101; }},
    {"a dead participant is not seen", "joinable_first_get_of_a_newcomer", "participant",
     [](std::uint64_t& word) { word = 0; }, true},
    {"a chunk is not given back", "joinable_finish_frees_a_chunk", "unit table",
     [](std::uint64_t& word) { word = (word & ~std::uint64_t{0xff}) | 3; }},
};

class Mutant : public ::testing::TestWithParam<std::size_t> {};

TEST_P(Mutant, of_the_recovery_is_noticed) {
    const Damage& damage = kDamages[GetParam()];
    const OneProcessor here;
    const QueueTrace trace = trace_of(scenario_named(damage.scenario));
    Tally tally;
    std::set<std::uint64_t> places;
    const std::size_t stride = trace.moments.size() / 40 + 1;
    for (std::size_t at = 1; at < trace.moments.size(); ++at) {
        const auto& moment = trace.moments[at];
        for (const auto& store : stores_between(trace.moments[at - 1].image, moment.image)) {
            const auto name = name_of_word(trace.moments.back().image, store.offset);
            if (store.name == damage.store || name == damage.store) places.insert(store.offset);
        }
        Image image = moment.image;
        for (const std::uint64_t place : places) {
            std::uint64_t word = 0;
            std::memcpy(&word, &image[place], sizeof word);
            damage.spoil(word);
            std::memcpy(&image[place], &word, sizeof word);
        }
        if (image == moment.image) continue;
        const bool is_last = at + 1 == trace.moments.size();
        if (!is_last && (damage.only_at_the_end || at % stride != 0)) continue;
        tally.add(judge(image, moment, moment), damage.title);
    }
    tally.print(damage.title);
    EXPECT_GT(tally.noticed, 0U) << damage.title;
}
INSTANTIATE_TEST_SUITE_P(Each, Mutant, ::testing::Range(std::size_t{0}, std::size(kDamages)));

}  // namespace
}  // namespace procession::instruction
