// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

#include "death/history.h"
#include "death/segment_view.h"
#include "schedule/operation_guard_for_tests.h"
#include "schedule/world.h"
#include "support/census.h"

namespace procession::death {

using namespace detail;

using schedule::AllRuns;
using schedule::Chooser;
using schedule::Limits;
using schedule::RandomRun;
using schedule::Replay;
using schedule::World;

/// A small story: an object, its content, and what each participant does at the same time.
template <class Subject>
struct Story {
    using Script = typename Subject::Script;

    typename Subject::Setup setup{};
    Script before{};                   // by a participant that then leaves
    std::vector<Script> scripts{};     // at the same time
    std::vector<Script> first_acts{};  // of the same participants, one after the other, before
    /// Comes when some process has died and the others wait for what the dead one owes them.
    Script rescue{};
    /// So many scripts run first, one after the other, each until it ends or dies.
    int alone = 0;
    /// These scripts' participants join during the run.
    std::vector<int> newcomers{};
    /// Two scripts are threads of one process.
    bool one_process = false;

    // For tests of the explorer itself.
    /// Shown the history of each run that came to its end.
    std::function<void(const History<typename Subject::Model>&)> at_end{};
    bool remembers_states = true;
    /// The wake-up with this number, counted from 1, is lost.
    unsigned lose_wake = 0;
};

/// The object of a story, as it is when a run begins. Every run puts it back so.
template <class Subject>
class ScheduledStage {
  public:
    explicit ScheduledStage(const Story<Subject>& story)
        : object_(Subject::make(story.setup)), model_(Subject::model_of(story.setup)) {
        model_.add_actor();
        AllRuns nothing_to_choose(false);
        World world({}, nothing_to_choose);
        world.act_as(world.add_process());
        Notes notes{};
        typename Subject::template Actor<Notes> actor(object_, notes);
        const auto perform = [&](const typename Subject::Script& script) {
            actor.perform(script);
            for (const auto& act : script) model_.perform(0, act);
            model_.forget(0);
        };
        const SegmentView view(Subject::file_of(object_));
        unsigned used = 0;
        for (;;) {
            const auto filling = Subject::filling(story.setup, view, used);
            if (filling.empty()) break;
            perform(filling);
        }
        perform(Subject::touch());
        perform(story.before);
        perform(Subject::leave());  // its mapping stays
        image_ = view.save();
    }
    /// What was there when each run began, for names.
    [[nodiscard]] const Image& image() const { return image_; }
    /// The histories, with what was found after them, that the model has explained so far.
    [[nodiscard]] std::unordered_set<std::string>& explained() const { return explained_; }
    [[nodiscard]] const typename Subject::Object& object() const { return object_; }
    [[nodiscard]] const typename Subject::Model& model() const { return model_; }

  private:
    typename Subject::Object object_;
    typename Subject::Model model_;
    Image image_;
    mutable std::unordered_set<std::string> explained_;
};

/// The driver of schedules: one run of a story in a world, which decides at each point which
/// participant goes on and which one dies.
template <class Subject>
class ScheduleRun {
  public:
    using Script = typename Subject::Script;
    using Act = typename Subject::Act;
    using Model = typename Subject::Model;

    ScheduleRun(const ScheduledStage<Subject>& stage, const Story<Subject>& story, World& world)
        : stage_(stage), story_(story), world_(world) {
        watch(stage.object());
        world.add_process();  // that of the stage
        processes_.push_back(std::make_unique<Process>());
        world.name_of = [&stage](std::uint64_t at) { return name_of_word(stage.image(), at); };
    }
    ~ScheduleRun() {
        for (const auto& process : processes_) {
            if (process->object) Subject::forget(*process->object);
        }
        // A run that was cut leaves threads in the middle of their operations.
        for (std::size_t thread = 0; thread < kThreadsMax; ++thread) {
            shm::OperationGuardForTests::reset(thread);
        }
    }
    ScheduleRun(const ScheduleRun&) = delete;
    ScheduleRun& operator=(const ScheduleRun&) = delete;

    void play() {
        prepare();
        world_.run();
        for (int process = 1; process < static_cast<int>(processes_.size()); ++process) {
            if (world_.is_dead(process) || has_left(process)) continue;
            world_.run_alone(process, [this, process] {
                at(process).threads.front()->actor.perform(Subject::leave());
            });
        }
        const int inspector = add_process();
        appear(inspector);
        world_.run_alone(inspector, [this, inspector] { inspect(*at(inspector).object); });
        if (world_.is_cut()) return;
        if (story_.at_end) story_.at_end(history_);
    }

    [[nodiscard]] const History<Model>& history() const { return history_; }

  private:
    static constexpr std::size_t kThreadsMax = 16;

    /// What a thread does and is told, written into the history.
    struct Log {
        static constexpr bool knows_calls = true;

        ScheduleRun& run;
        int process;
        int actor;
        unsigned calls = 0;

        void begin(const Act& act) {
            run.history_.begin(actor, act);
            run.world_.note(static_cast<std::uint64_t>(actor) * 64 +
                            static_cast<std::uint64_t>(act.verb));
        }
        void say(Said said) {
            run.history_.say(actor, said);
            run.world_.note((static_cast<std::uint64_t>(actor) << 56) +
                            (std::uint64_t{static_cast<std::uint32_t>(said.value)} << 32) +
                            said.code);
            if (!said.ends_a_call()) return;
            // What was returned is noted; nothing else of the way here matters for what follows.
            const std::uint64_t memory = Subject::memory_of(*run.at(process).object);
            run.world_.settle((memory << 8) + ++calls);
        }
    };
    struct Thread {
        Log log;
        typename Subject::template Actor<Log> actor;

        Thread(ScheduleRun& run, int process, int number)
            : log{run, process, number},
              actor(*run.at(process).object, log, run.at(process).hand) {}
    };
    struct Process {
        std::unique_ptr<typename Subject::Object> object;
        typename Subject::Hand hand;
        std::vector<std::unique_ptr<Thread>> threads;
    };

    void watch(const typename Subject::Object& object) {
        const auto segment = Subject::segment_of(object);
        world_.watch(segment.data(), segment.size(), 0);
    }
    Process& at(int process) { return *processes_[static_cast<std::size_t>(process)]; }

    int add_process() {
        processes_.push_back(std::make_unique<Process>());
        return world_.add_process();
    }
    void appear(int process) {
        at(process).object = std::make_unique<typename Subject::Object>(
            Subject::attach(Subject::file_of(stage_.object())));
        watch(*at(process).object);
    }
    Thread& add_thread(int process) {
        auto& threads = at(process).threads;
        const int first = threads.empty() ? -1 : threads.front()->log.actor;
        threads.push_back(std::make_unique<Thread>(*this, process, history_.add_actor(first)));
        return *threads.back();
    }
    /// A participant more, in a process of its own.
    int enter(bool joins) {
        const int process = add_process();
        appear(process);
        Thread& thread = add_thread(process);
        if (!joins) return process;
        world_.act_as(process);
        thread.actor.perform(Subject::touch());
        Subject::learn_the_memory(*at(process).object);
        world_.act_as(-1);
        return process;
    }

    void prepare() {
        std::vector<Thread*> actors;
        for (std::size_t i = 0; i < story_.scripts.size(); ++i) {
            const bool shares = story_.one_process && i > 0;
            const bool is_new = std::ranges::count(story_.newcomers, static_cast<int>(i)) != 0;
            if (shares) {
                actors.push_back(&add_thread(actors.front()->log.process));
            } else {
                actors.push_back(at(enter(!is_new)).threads.front().get());
            }
            const int after = std::min(static_cast<int>(i), story_.alone) - 1;
            add(*actors.back(), story_.scripts[i], after < 0 ? World::kAtOnce : after);
        }
        for (std::size_t i = 0; i < story_.first_acts.size(); ++i) {
            world_.act_as(actors[i]->log.process);
            actors[i]->actor.perform(story_.first_acts[i]);
            world_.act_as(-1);
        }
        if (!story_.rescue.empty()) {
            // Mostly no process needs it: it comes into being when one does.
            const int process = add_process();
            world_.add(
                process,
                [this, process] {
                    appear(process);
                    add_thread(process).actor.perform(story_.rescue);
                },
                World::kWhenStuck);
        }
        if (story_.one_process) {
            const auto memory = Subject::own_memory_of(*at(1).object);
            world_.watch(memory.data(), memory.size(), 1);
        }
        give_each_a_presence();
        world_.on_death = [this](int process) {
            for (const auto& thread : at(process).threads) history_.die(thread->log.actor);
            world_.note(static_cast<std::uint64_t>(process) + 4096);
        };
    }

    // Number 0 is what happens outside of the coroutines.
    void give_each_a_presence() {
        for (std::size_t thread = 0; thread < kThreadsMax; ++thread) {
            shm::OperationGuardForTests::reset(thread);
            if (!story_.one_process || thread < 1 || thread > 2) continue;
            world_.watch(shm::OperationGuardForTests::word_of(thread),
                         shm::OperationGuardForTests::kWordBytes,
                         static_cast<std::uint32_t>(thread) + 1);
        }
        shm::OperationGuardForTests::become(0);
        world_.on_switch = [](int who) {
            shm::OperationGuardForTests::become(static_cast<std::size_t>(who + 1));
        };
    }

    void add(Thread& thread, const Script& script, int after) {
        world_.add(
            thread.log.process,
            [this, &thread, &script] {
                try {
                    thread.actor.perform(script);
                } catch (const ClosedError&) {
                    // By another thread, under its feet: the call says so.
                    if (!story_.one_process || !has_left(thread.log.process)) throw;
                }
            },
            after);
    }

    [[nodiscard]] bool has_left(int process) {
        const auto& object = at(process).object;
        return object == nullptr || object->is_closed();
    }

    // All that is left is taken out; then everything must add up.
    void inspect(const typename Subject::Object& object) {
        const auto found = Subject::recover(object, story_.setup);
        // Most runs differ in nothing that a model could tell.
        const std::string told = history_.text() + text_of(found);
        if (stage_.explained().contains(told)) return;
        auto possible = history_.explained_from(stage_.model());
        const std::string wrong = possible.narrow([&](Model model) {
            model.die_all();  // all others have left
            return difference(model.found_by_survivors(Order::notice_then_drain), found);
        });
        if (wrong.empty()) {
            stage_.explained().insert(told);
        } else {
            world_.fail("no such object could have answered so: " + wrong);
        }
    }

    const ScheduledStage<Subject>& stage_;
    const Story<Subject>& story_;
    World& world_;
    History<Model> history_;
    std::vector<std::unique_ptr<Process>> processes_;
};

/// What was explored, for people.
struct Explored {
    std::uint64_t runs = 0;
    std::uint64_t ended = 0;
    std::uint64_t deaths = 0;
    std::uint64_t late = 0;
    std::uint64_t most_points = 0;

    void add(const World& world) {
        ++runs;
        ended += world.is_cut() ? 0 : 1;
        deaths += world.deaths();
        late += world.late();
        most_points = std::max(most_points, world.points());
    }
    void print(const std::string& name, const Limits& limits, std::size_t states) const {
        const std::string bound = limits.preemptions < 0
                                      ? "any number of preemptions"
                                      : "<= " + std::to_string(limits.preemptions) + " preemptions";
        std::printf(
            "%s: %s, <= %d deaths, <= %d early slices: %zu states, %llu schedules (%llu to their "
            "end), %llu deaths, %llu late slices, up to %llu points\n",
            name.c_str(), bound.c_str(), limits.deaths, limits.early, states,
            static_cast<unsigned long long>(runs), static_cast<unsigned long long>(ended),
            static_cast<unsigned long long>(deaths), static_cast<unsigned long long>(late),
            static_cast<unsigned long long>(most_points));
    }
};

template <class Subject>
void report(const std::string& name, const ScheduledStage<Subject>& stage,
            const Story<Subject>& story, const Limits& limits, const std::vector<int>& path) {
    Replay replay(path);
    World world(limits, replay);
    world.trace(true);
    world.lose_wake = story.lose_wake;
    std::string history;
    {
        ScheduleRun<Subject> run(stage, story, world);
        run.play();
        history = run.history().text();
    }
    ADD_FAILURE() << name << ": " << world.failure() << "\n"
                  << history << "the interleaving:\n"
                  << world.trace_text();
}

/// Plays one run. Returns what went wrong.
template <class Subject>
std::string play(const ScheduledStage<Subject>& stage, const Story<Subject>& story,
                 const Limits& limits, Chooser& chooser, Explored& explored) {
    World world(limits, chooser);
    world.lose_wake = story.lose_wake;
    {
        ScheduleRun<Subject> run(stage, story, world);
        run.play();
    }
    explored.add(world);
    return world.failure();
}

/// Explores the story until something goes wrong. Returns what, or nothing; prints nothing.
template <class Subject>
[[nodiscard]] std::string find_failure(const Story<Subject>& story, const Limits& limits) {
    const ScheduledStage<Subject> stage(story);
    AllRuns runs(story.remembers_states);
    Explored explored;
    do {
        runs.start_run();
        std::string failure = play(stage, story, limits, runs, explored);
        if (!failure.empty()) return failure;
    } while (runs.next());
    return {};
}

/// Explores the story; fails the current test, with the interleaving, where a promise is broken.
/// Prints what was explored.
template <class Subject>
void explore(const std::string& name, const Story<Subject>& story, const Limits& limits) {
    const testing::Census before;
    {
        const ScheduledStage<Subject> stage(story);
        // Two threads of one process share more than what is watched.
        AllRuns runs(story.remembers_states && !story.one_process);
        Explored explored;
        do {
            runs.start_run();
            if (!play(stage, story, limits, runs, explored).empty()) {
                report(name, stage, story, limits, runs.path());
                break;
            }
            if (runs.lost_its_way()) {
                ADD_FAILURE() << name << ": the run of a known path took another way";
                break;
            }
        } while (runs.next());
        explored.print(name, limits, runs.states());
    }
    before.expect_nothing_left();
}

/// `count` random ones.
template <class Subject>
void explore_at_random(const std::string& name, const Story<Subject>& story, const Limits& limits,
                       std::uint64_t seed, unsigned count) {
    const testing::Census before;
    {
        const ScheduledStage<Subject> stage(story);
        Explored explored;
        for (unsigned i = 0; i < count; ++i) {
            RandomRun random(seed + i);
            if (play(stage, story, limits, random, explored).empty()) continue;
            const std::string which = name + ", seed " + std::to_string(seed + i);
            report(which, stage, story, limits, random.path());
            break;
        }
        std::printf("at random, seeds from %llu on: ", static_cast<unsigned long long>(seed));
        explored.print(name, limits, 0);
    }
    before.expect_nothing_left();
}

}  // namespace procession::death
