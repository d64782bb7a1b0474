// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// A second object in the world of schedules: every schedule of a few participants of a counter,
// one of which dies at every point.

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "death/counter/model.h"
#include "death/counter/shared_counter.h"
#include "death/counter/subject.h"
#include "death/schedules.h"
#include "death/segment_view.h"
#include "os/handle.h"
#include "os/memory_file.h"
#include "schedule/object_for_tests.h"
#include "shm/segment.h"

namespace procession::testing {

using namespace detail;

struct CounterForTests {
    /// A participant of its own, unknown to the process's table of objects.
    static std::shared_ptr<SharedCounter> attach(os::Handle file) {
        const std::shared_ptr<SharedCounter> counter(
            new SharedCounter(shm::Segment::attach(std::move(file))));
        shm::ObjectForTests::keep_memory(*counter);
        return counter;
    }
};

}  // namespace procession::testing

namespace procession::schedule {

using namespace detail;
namespace {

using death::CounterAct;
using death::CounterSubject;
using death::CounterVerb;

/// The counter, as a subject of the driver of schedules. See ScheduledQueue.
struct ScheduledCounter {
    using Setup = death::CounterSetup;
    using Act = death::CounterAct;
    using Script = death::CounterScript;
    using Model = death::CounterModel;
    using Object = death::CounterHandle;
    using Hand = death::CounterHand;
    template <class Log>
    using Actor = death::CounterActor<Log>;

    static Object make(const Setup& setup) {
        const auto made = testing::SharedCounter::create(setup.places);
        shm::ObjectForTests::keep_memory(*made);
        const shm::Segment& segment = made->segment();
        static_cast<void>(os::allocate(segment.file(), 0, segment.header().total_bytes));
        return Object(made);
    }
    static os::Handle file_of(const Object& counter) { return CounterSubject::file_of(counter); }
    static Object attach(os::Handle file) {
        return Object(testing::CounterForTests::attach(std::move(file)));
    }
    static std::span<std::byte> segment_of(const Object& counter) {
        const shm::SegmentHeader& header = counter.shared().segment().header();
        return {reinterpret_cast<std::byte*>(const_cast<shm::SegmentHeader*>(&header)),
                header.total_bytes};
    }
    static std::span<std::byte> own_memory_of(const Object& counter) {
        return {reinterpret_cast<std::byte*>(&counter.shared()), sizeof(testing::SharedCounter)};
    }
    static std::uint64_t memory_of(const Object& counter) {
        return shm::ObjectForTests::memory_of(counter.shared());
    }
    static void learn_the_memory(const Object& /*counter*/) {}
    static void forget(const Object& counter) { shm::ObjectForTests::forget(counter.shared()); }

    static Model model_of(const Setup& setup) { return {setup.places, false}; }
    static Script filling(const Setup& /*setup*/, const death::SegmentView& /*view*/,
                          unsigned& /*used*/) {
        return {};
    }
    static Script touch() { return {{CounterVerb::join}}; }
    static Script leave() { return {{CounterVerb::close}}; }
    static death::CounterFinding recover(const Object& counter, const Setup& /*setup*/) {
        return CounterSubject::recover(counter, death::Order::notice_then_drain);
    }
};
using CounterStory = death::Story<ScheduledCounter>;

constexpr CounterAct kTake{CounterVerb::take};
constexpr CounterAct kWaitAndTake{CounterVerb::take, true};
constexpr CounterAct kGive{CounterVerb::give};
constexpr CounterAct kLook{CounterVerb::look};

void explore_each(const std::string& name, const CounterStory& story, int preemptions) {
    death::explore(name, story, {preemptions, 0, 1});
    death::explore(name, story, {preemptions, 1, 0});
}

TEST(CounterSchedules, two_takers_take_different_places) {
    CounterStory story;
    story.setup.places = 2;
    story.scripts = {{kTake}, {kTake, kLook}};
    explore_each("take || take, look", story, -1);
}

TEST(CounterSchedules, one_gives_while_another_takes) {
    CounterStory story;
    story.setup.places = 1;
    story.scripts = {{kGive}, {kTake, kGive}};
    story.first_acts = {{kTake}};
    explore_each("give || take, give", story, 2);
}

TEST(CounterSchedules, a_waiter_for_a_place_is_woken_by_a_give_or_a_death) {
    CounterStory story;
    story.setup.places = 1;
    story.scripts = {{kGive}, {kWaitAndTake}};
    story.first_acts = {{kTake}};
    explore_each("give || take of the only place", story, 2);
}

// The second give may find that the first one has notified: the waiter woken by it notifies again.
TEST(CounterSchedules, two_waiters_are_both_woken_by_two_places) {
    CounterStory story;
    story.setup.places = 2;
    story.scripts = {{kGive, kGive}, {kWaitAndTake}, {kWaitAndTake}};
    story.first_acts = {{kTake, kTake}};
    death::explore("give, give || take || take", story, {2, 0, 0});
}

}  // namespace
}  // namespace procession::schedule
