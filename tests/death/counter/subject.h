// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "death/counter/model.h"
#include "death/counter/shared_counter.h"
#include "death/script.h"
#include "death/segment_view.h"
#include "os/handle.h"
#include "procession/deadline.h"
#include "shm/participants.h"

namespace procession::death {

using namespace detail;

/// A handle of a counter, as a program would have it.
class CounterHandle {
  public:
    explicit CounterHandle(std::shared_ptr<testing::SharedCounter> counter)
        : counter_(std::move(counter)) {}

    [[nodiscard]] testing::SharedCounter& shared() const { return *counter_; }
    void close() const { counter_->close(); }
    [[nodiscard]] bool is_closed() const { return counter_->is_closed(); }

  private:
    std::shared_ptr<testing::SharedCounter> counter_;
};

/// What the actors of one process share: nothing, the counter itself knows what it holds.
struct CounterHand {};

/// Performs the calls of a script on a counter, and notes what it does and is told.
template <class Log>
class CounterActor {
  public:
    CounterActor(CounterHandle counter, Log& log) : counter_(std::move(counter)), log_(log) {}
    CounterActor(CounterHandle counter, Log& log, CounterHand& /*hand*/)
        : CounterActor(std::move(counter), log) {}
    CounterActor(const CounterActor&) = delete;
    CounterActor& operator=(const CounterActor&) = delete;

    void prepare(const CounterScript& /*script*/) {}
    void perform_prepared(const CounterScript& script) { perform(script); }
    void perform(const CounterScript& script) {
        for (const CounterAct& act : script) {
            log_.begin(act);
            log_.say(call(act));
        }
    }
    /// Gives up its handle of the counter.
    void let_go() { static_cast<void>(CounterHandle(std::move(counter_))); }

  private:
    Said call(const CounterAct& act) {
        testing::SharedCounter& counter = counter_.shared();
        const auto whether = [](bool done) {
            return counter_says(done ? CounterEnding::done : CounterEnding::none);
        };
        switch (act.verb) {
            case CounterVerb::join: counter.take_part(); break;
            case CounterVerb::take:
                return whether(counter.take(act.waits ? Deadline::never() : Deadline::now()));
            case CounterVerb::give: return whether(counter.give());
            case CounterVerb::notice: static_cast<void>(counter.notice_deaths()); break;
            case CounterVerb::look: return counter_says(CounterEnding::done, counter.free_places());
            case CounterVerb::close: counter.close(); break;
            case CounterVerb::reclaim: throw std::logic_error("reclaiming is no call");
        }
        return whether(true);
    }

    CounterHandle counter_;
    Log& log_;
};

struct CounterSetup {
    std::uint64_t places = 3;
};

/// The counter, as a subject of the drivers. See QueueSubject.
struct CounterSubject {
    using Setup = CounterSetup;
    using Act = CounterAct;
    using Script = CounterScript;
    using Model = CounterModel;
    using Finding = CounterFinding;
    using Object = CounterHandle;
    using Actor = CounterActor<Notes>;

    [[nodiscard]] static Object make(const Setup& setup) {
        return Object(testing::SharedCounter::create(setup.places));
    }
    [[nodiscard]] static Object attach(os::Handle file) {
        return Object(testing::SharedCounter::attach(std::move(file)));
    }
    [[nodiscard]] static os::Handle file_of(const Object& counter) {
        counter.shared().trust_shared();
        return counter.shared().segment().file().duplicate();
    }
    [[nodiscard]] static Model model_of(const Setup& setup, bool crowded) {
        return {setup.places, crowded};
    }
    [[nodiscard]] static Script filling(const Setup& /*setup*/, const SegmentView& /*view*/,
                                        unsigned& /*used*/) {
        return {};
    }

    [[nodiscard]] static Script join_in() { return {{CounterVerb::join}}; }
    [[nodiscard]] static Script notice() { return {{CounterVerb::notice}}; }
    [[nodiscard]] static Script leave() { return {{CounterVerb::close}}; }
    struct Holder {
        Script script;
        const char* holds;
        const char* contended;
        const char* released;
    };
    [[nodiscard]] static Holder holder() {
        return {{{CounterVerb::take}, {CounterVerb::give}},
                "counter.committed",
                "lock.contended",
                "lock.released"};
    }

    /// Lets this process recover a counter, and take and give back all that is free then.
    /// `participants` are left.
    [[nodiscard]] static Finding recover(const Object& handle, Order order,
                                         unsigned participants = 1) {
        testing::SharedCounter& counter = handle.shared();
        Finding found;
        try {
            if (order == Order::notice_then_drain) notice_all(counter);
            found.free = counter.free_places();
            std::uint64_t taken = take_all(counter);
            must(taken == found.free, "not all free places can be taken");
            if (order == Order::drain_then_notice) notice_all(counter);
            taken += take_all(counter);
            found.in_all = taken;
            must(counter.free_places() == 0, "a place is left when all are taken");
            for (; taken > 0; --taken) must(counter.give(), "a place that is held is not");
            must(!counter.give(), "more can be given than was taken");
            must(counter.free_places() == found.in_all, "a place is lost");
            found.deaths = counter.death_log().count();
            for (const auto& death : counter.death_log().since(0)) {
                found.given_back += death.tallies[0];
            }
            const auto all = shm::list_participants(counter.segment());
            must(all.size() == participants, "dead participants are still counted");
            std::uint64_t held = 0;
            for (std::uint32_t slot = 0; slot < counter.segment().slots_used(); ++slot) {
                held += counter.held_by(slot);
            }
            must(held == 0, "a place is free and held");
        } catch (const std::exception& thrown) {
            found.problem = thrown.what();
        }
        return found;
    }
    using Live = std::function<Progress(const Script& script)>;
    /// Whether a newcomer and this process understand each other.
    [[nodiscard]] static std::string try_a_fresh_pair(const Object& handle, const Live& live) {
        testing::SharedCounter& counter = handle.shared();
        const std::uint64_t all = counter.free_places();
        must(counter.take(Deadline::now()), "a free place cannot be taken");
        const Progress other =
            live({{CounterVerb::look}, {CounterVerb::take}, {CounterVerb::look}});
        const std::uint64_t left = all - 1;
        const bool is_full = left == 0;
        const std::vector<Said> wanted{
            counter_says(CounterEnding::done, left),
            counter_says(is_full ? CounterEnding::none : CounterEnding::done),
            counter_says(CounterEnding::done, is_full ? 0 : left - 1)};
        const bool heard = other.said.size() > wanted.size() &&
                           std::equal(wanted.begin(), wanted.end(), other.said.begin());
        if (!heard) return "a newcomer finds other places free";
        must(counter.give(), "a place that is held is not");
        return counter.free_places() == all ? "" : "a place of one that left has not come back";
    }

    /// Whether it is this store that makes the change happen: a place moves by the count of free
    /// places, and a death is over when it is recorded.
    [[nodiscard]] static bool commits(const std::string& store, Model::Change change) {
        return store == "free places" ||
               (change == Model::Change::reclaim && store == "record of deaths");
    }

  private:
    static void notice_all(testing::SharedCounter& counter) {
        static_cast<void>(counter.notice_deaths());
        must(counter.notice_deaths() == 0, "a process died twice");
    }
    static std::uint64_t take_all(testing::SharedCounter& counter) {
        std::uint64_t taken = 0;
        while (counter.take(Deadline::now())) ++taken;
        return taken;
    }
};
using CounterScenario = Scenario<CounterSubject>;
// GCC 12 needs to see its initialisers once before a list of scenarios.
inline const CounterScenario any_counter_scenario{};

}  // namespace procession::death
