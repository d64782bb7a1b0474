// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>

#include "death/manner_of_end.h"
#include "death/meeting.h"
#include "support/gate.h"
#endif

#include <algorithm>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "death/stage.h"
#include "os/wait.h"
#include "procession/process.h"
#include "support/shared_record.h"
#include "support/sudden_death.h"

namespace procession::death {

using namespace detail;

/// What outlives a victim: its notes, and where it died. In shared memory.
struct BlackBox {
    Notes notes;
    testing::StepTrace trace;
    // Away from the names, which are kept by few.
    void clear() {
        notes.clear();
        trace.last[0] = '\0';
        trace.keeps_names = false;
        trace.count.store(0);
    }
    [[nodiscard]] std::vector<std::string> names() const {
        const unsigned count = std::min(trace.count.load(), testing::StepTrace::kNamesMax);
        return {trace.names, trace.names + count};
    }
};

/// The whole life of a process that takes part: `before`, then, dying at its n-th step unless that
/// is 0, `act`; then it leaves in good order.
template <class Subject>
void live(const typename Subject::Object& object, BlackBox& box,
          const typename Subject::Script& before, const typename Subject::Script& act,
          const std::function<void()>& arm) {
    typename Subject::Actor actor(object, box.notes);
    try {
        actor.perform(before);
        arm();
        actor.perform(act);
        testing::die_at_step(0);
        testing::trace_steps_into(nullptr);
        actor.perform(Subject::leave());
    } catch (const std::exception& failed) {
        box.notes.fail(failed.what());
        return;
    }
    box.notes.completed.store(true);
}

/// What a spawned victim is given.
template <class Subject>
struct SpawnedVictim {
    typename Subject::Object object;
    std::int32_t scenario = 0;
    std::uint32_t step = 0;
    std::int32_t box_pid = 0;
    std::int32_t box_fd = -1;

    void operator()() const {
        const testing::SharedRecord<BlackBox> box({box_pid, box_fd});
        testing::trace_steps_into(&box->trace);
        const auto& each = Subject::scenarios()[static_cast<std::size_t>(scenario)];
        live<Subject>(object, *box, each.before, each.act, [&] { testing::die_at_step(step); });
    }
};

/// The driver of kill points: one scenario's object. Lets victims die at the library's named steps,
/// one after the other, and judges what is left.
///
/// Nothing here notices a death unless it says so: victims are plain forks, not Process objects.
template <class Subject>
class KillPointDriver {
  public:
    using Script = typename Subject::Script;
    using Model = typename Subject::Model;

    explicit KillPointDriver(const Scenario<Subject>& scenario)
        : scenario_(scenario), stage_(scenario), possible_(stage_.model()) {
        static_cast<void>(testing::last_step());  // its memory is shared before the first child
        if (scenario.crowded) view().fill_slots_from(2);
        for (const auto& predecessor : scenario.predecessors) {
            const unsigned n = step_of(predecessor);
            if (n == 0 || !dies_at(predecessor.script, n)) {
                failure_ += "a predecessor never came to " + std::string(predecessor.step);
            }
        }
        save(start_);
    }

    struct Instant {
        Image memory;
        Possible<Model> possible;
    };
    void save(Instant& instant) const { instant = {view().save(), possible_}; }
    void restore(const Instant& instant) {
        view().restore(instant.memory);
        possible_ = instant.possible;
    }
    /// Everything as it was before the victim.
    void reset() {
        spawned_ = Process();
        end_lingering();
        restore(start_);
    }

    /// The names of the steps of a life that is not cut short.
    std::vector<std::string> record() {
        reset();
        keeps_names_ = true;
        static_cast<void>(victim_dies_at(0));
        keeps_names_ = false;
        return box_->names();
    }

    /// Runs the victim, which dies at its n-th step. False: it ended before.
    bool victim_dies_at(unsigned n) {
#ifndef _WIN32
        if (scenario_.meets_a_holder) {
            const Meeting<Subject> meeting(object());
            foresee(Subject::holder().script);
            meeting_ = &meeting;
            fork_and_wait(scenario_.before, scenario_.act, n);
            meeting_ = nullptr;
            return conclude(scenario_.before + scenario_.act);
        }
#endif
        fork_and_wait(scenario_.before, scenario_.act, n);
        return conclude(scenario_.before + scenario_.act);
    }
    bool dies_at(const Script& script, unsigned n) {
        fork_and_wait({}, script, n);
        return conclude(script);
    }
    bool spawned_victim_dies_at(int scenario, unsigned n) {
        box_->clear();
        const auto address = box_.address();
        const SpawnedVictim<Subject> victim{object(), scenario, n, address.pid, address.fd};
        spawned_ = Process(procession::spawn, victim);
        // Not join(), which would notice the death; neither is the object let go of before the
        // judgement.
        while (!os::wait_readable(spawned_.sentinel(), Deadline::never())) {}
        return conclude(scenario_.before + scenario_.act);
    }
#ifndef _WIN32
    /// From now on victims end in another way than by SIGKILL.
    void set_manner(const MannerOfEnd* manner) { manner_ = manner; }
#endif
    [[nodiscard]] std::string where() const { return box_->trace.last; }

    /// What is wrong with what the deaths have left, or nothing.
    [[nodiscard]] std::string judge(Order order) {
        if (!failure_.empty()) return std::exchange(failure_, {});
        const auto found = Subject::recover(object(), order, scenario_.crowded ? 1023 : 1);
        return possible_.narrow(
            [&](const Model& model) { return difference(model.found_by_survivors(order), found); });
    }
    /// A process that was never here before and the survivor understand each other.
    [[nodiscard]] std::string try_a_fresh_pair() {
        return Subject::try_a_fresh_pair(object(), [&](const Script& script) {
            fork_and_wait({}, script, 0);
            return box_->notes.progress();
        });
    }

    [[nodiscard]] const typename Subject::Object& object() const { return stage_.object(); }
    [[nodiscard]] SegmentView& view() { return stage_.view(); }
    [[nodiscard]] const SegmentView& view() const { return stage_.view(); }

  private:
    // Which step of the predecessor's life has that name: found by letting it live once.
    unsigned step_of(const Predecessor<typename Subject::Act>& predecessor) {
        const Image before = view().save();
        keeps_names_ = true;
        fork_and_wait({}, predecessor.script, 0);
        keeps_names_ = false;
        view().restore(before);
        int left = predecessor.occurrence;
        unsigned n = 0;
        for (const std::string& name : box_->names()) {
            ++n;
            if (name == predecessor.step && --left == 0) return n;
        }
        return 0;
    }

    void fork_and_wait(const Script& before, const Script& act, unsigned n) {
        box_->clear();
        box_->trace.keeps_names = keeps_names_;
#ifdef _WIN32
        static_cast<void>(before), static_cast<void>(act), static_cast<void>(n);
        failure_ += "this scenario needs fork";
#else
        const pid_t pid = ::fork();
        if (pid == 0) {
            const auto arm = [&] {
                testing::trace_steps_into(&box_->trace);
                if (meeting_ != nullptr) meeting_->let_the_holder_go_when_contended();
                if (n != 0 || keeps_names_) testing::die_at_step(n);
            };
            if (manner_ != nullptr && n != 0) {
                // exit() destroys the last handle.
                static auto own = stage_.take_object();
                victims_object<Subject> = &own;
                end_by_manner(
                    *manner_, [] { own.close(); },
                    [&] { live<Subject>(own, *box_, before, act, arm); });
            }
            live<Subject>(object(), *box_, before, act, arm);
            ::_exit(0);
        }
        if (!testing::until_stopped(pid)) {
            while (::waitpid(pid, nullptr, 0) < 0) {}
        } else {
            lingering_ = pid;  // it lives on, and has left
        }
#endif
    }
    // A victim that has left without an end of its process.
    void end_lingering() {
#ifndef _WIN32
        if (lingering_ != 0) testing::kill_and_collect(std::exchange(lingering_, 0));
#endif
    }

    // An actor that goes through its script to the end, whichever other one dies beside it.
    void foresee(const Script& script) {
        const int actor = possible_.add_actor(script + Subject::leave());
        Model model = possible_.model();
        for (const auto& act : script + Subject::leave()) model.perform(actor, act);
        const auto calls = static_cast<unsigned>(script.size() + Subject::leave().size());
        possible_.set_progress(actor, {calls, model.said(actor)});
        possible_.narrow();
        possible_.forget(actor);
    }

    // The life that has just ended, into what may be the state of the object now.
    bool conclude(const Script& script) {
        const bool died = box_->trace.last[0] != '\0';
        if (!died && !box_->notes.completed.load()) {
            failure_ = "the victim failed: " + std::string(box_->notes.error);
        }
        const int actor = possible_.add_actor(script + Subject::leave());
        possible_.set_progress(actor, box_->notes.progress());
        if (!possible_.narrow() && failure_.empty()) {
            failure_ = "the victim was told what no such object would have told it";
        }
        if (died) {
            possible_.die(actor);
        } else {
            possible_.forget(actor);
        }
        return died;
    }

    const Scenario<Subject>& scenario_;
    Stage<Subject> stage_;
    Possible<Model> possible_;
    testing::SharedRecord<BlackBox> box_;
    Process spawned_;
#ifndef _WIN32
    const Meeting<Subject>* meeting_ = nullptr;
    const MannerOfEnd* manner_ = nullptr;
    pid_t lingering_ = 0;
#endif
    bool keeps_names_ = false;
    std::string failure_;
    Instant start_;
};

}  // namespace procession::death
