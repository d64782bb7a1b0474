// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>

#include "crash/manner_of_end.h"
#include "crash/meeting.h"
#include "support/gate.h"
#endif

#include <string>
#include <utility>
#include <vector>

#include "crash/scenarios.h"
#include "crash/script.h"
#include "crash/segment_view.h"
#include "crash/verdict.h"
#include "os/wait.h"
#include "support/shared_record.h"

namespace procession::testing {

/// What a spawned victim is given.
template <class Queue>
struct SpawnedVictim {
    Queue queue;
    std::int32_t scenario = 0;
    std::uint32_t step = 0;
    std::int32_t box_pid = 0;
    std::int32_t box_fd = -1;

    void operator()() const {
        const SharedRecord<BlackBox> box({box_pid, box_fd});
        trace_steps_into(&box->trace);
        die_at_step(step);
        live(queue, *box, scenarios()[static_cast<std::size_t>(scenario)].act);
    }
};

/// One scenario's queue: lets victims die, one after the other, and judges what is left.
///
/// Nothing here notices a death unless it says so: victims are plain forks, not Process objects.
template <class Queue>
class Rig {
  public:
    explicit Rig(const Scenario& scenario)
        : scenario_(scenario),
          queue_(options_of(scenario)),
          view_(queue_.bytes()),
          verdict_(scenario) {
        static_cast<void>(last_step());  // its memory is shared before the first child
        prepare();
        view_.save(start_);
    }

    /// Everything as it was before the victim.
    void reset() {
        spawned_ = Process();
        end_lingering();
        view_.restore(start_);
        candidates_ = start_candidates_;
    }
    struct Instant {
        SegmentView::Snapshot memory;
        std::vector<QueueModel> candidates;
    };
    void save(Instant& instant) const {
        view_.save(instant.memory);
        instant.candidates = candidates_;
    }
    void restore(const Instant& instant) {
        view_.restore(instant.memory);
        candidates_ = instant.candidates;
    }

    /// The names of the steps of a life that is not cut short.
    std::vector<std::string> record() {
        reset();
        keeps_names_ = true;
        static_cast<void>(victim_dies_at(0));
        keeps_names_ = false;
        std::vector<std::string> names;
        const unsigned count = std::min(box_->trace.count.load(), StepTrace::kNamesMax);
        for (unsigned i = 0; i < count; ++i) names.emplace_back(box_->trace.names[i]);
        return names;
    }

    /// Runs the victim, which dies at its n-th step. False: it ended before. A failure of the
    /// victim's own is in failure().
    bool victim_dies_at(unsigned n) {
#ifndef _WIN32
        if (scenario_.meets_a_holder) {
            const Meeting<Queue> meeting(queue_);
            verdict_.add_life(candidates_, Meeting<Queue>::script(), meeting.box());
            meeting_ = &meeting;
            fork_and_wait(scenario_.act, n);
            meeting_ = nullptr;
            return conclude(scenario_.act);
        }
#endif
        fork_and_wait(scenario_.act, n);
        return conclude(scenario_.act);
    }
    bool dies_at(const Script& script, unsigned n) {
        fork_and_wait(script, n);
        return conclude(script);
    }
    bool spawned_victim_dies_at(int scenario, unsigned n) {
        box_->clear();
        const auto address = box_.address();
        const SpawnedVictim<Queue> victim{queue_, scenario, n, address.pid, address.fd};
        spawned_ = Process(procession::spawn, victim);
        // Not join(), which would notice the death; neither is the object let go of before the
        // judgement.
        while (!os::wait_readable(spawned_.sentinel(), Deadline::never())) {}
        return conclude(scenario_.act);
    }
#ifndef _WIN32
    /// From now on victims end in another way than by SIGKILL.
    void set_manner(const MannerOfEnd* manner) { manner_ = manner; }
#endif
    [[nodiscard]] std::string where() const { return box_->trace.last; }

    enum class Order { notice_then_drain, drain_then_notice };
    /// What is wrong with what the deaths have left, or nothing.
    [[nodiscard]] std::string judge(Order order) {
        if (!failure_.empty()) return std::exchange(failure_, {});
        Observed seen;
        if (order == Order::notice_then_drain) queue_.bytes().notice_deaths();
        seen.waiting_at_first = queue_.qsize();
        seen.first = drain();
        queue_.bytes().notice_deaths();
        drop_if_shut_down();
        seen.second = drain();
        for (const auto& letter : queue_.take_dead_letters()) {
            seen.letters.push_back({number_of(letter), letter.deliveries});
        }
        seen.stats = queue_.stats();
        if constexpr (is_joinable) seen.unfinished = queue_.unfinished();
        std::string wrong = verdict_.on(seen, candidates_, order == Order::notice_then_drain);
        if (wrong.empty()) wrong = try_usability(seen);
        return wrong;
    }
    /// A process that was never here before and the survivor understand each other.
    [[nodiscard]] std::string try_a_fresh_pair() {
        if (view_.state().shutdown.load() != 0) return {};
        static const Script puts{{Verb::put, 90}, {Verb::put, 91, 1, 5000}};
        static const Script gets{{Verb::get}, {Verb::done}};
        fork_and_wait(puts, 0);
        if (drain() != std::vector<Delivery>{{90, 1}, {91, 1}})
            return "a fresh producer is not heard";
        queue_.put(text_of(92, 20));
        fork_and_wait(gets, 0);
        const bool heard = box_->got_count.load() == 1 && box_->got[0] == Delivery{92, 1};
        return heard && queue_.qsize() == 0 ? "" : "a fresh consumer does not hear";
    }

    [[nodiscard]] const Queue& queue() const { return queue_; }
    [[nodiscard]] const SegmentView& view() const { return view_; }

  private:
    static constexpr bool is_joinable = requires(const Queue& queue) { queue.unfinished(); };

    static QueueOptions options_of(const Scenario& scenario) {
        QueueOptions options;
        options.maxsize = scenario.maxsize;
        options.max_deliveries = scenario.max_deliveries;
        options.memory_limit = scenario.memory_limit;
        options.name = "kill points";
        return options;
    }

    void prepare() {
        Script all;
        for (int moved = 0; moved < scenario_.filler; moved += 1000) {
            const auto bytes = static_cast<std::size_t>(std::min(1000, scenario_.filler - moved));
            all.insert(all.end(), {{Verb::put, 7, 1, bytes}, {Verb::get}, {Verb::done}});
        }
        all.insert(all.end(), scenario_.prepare.begin(), scenario_.prepare.end());
        QueueModel model(is_joinable, scenario_.maxsize, scenario_.max_deliveries);
        model.begin_life();
        model.join();
        for (const Act& act : all) model.perform(act);
        Performer<Queue>(queue_, *box_).perform(all);
        candidates_ = {model};
        if (scenario_.crowded) view_.fill_slots_from(2);
        for (const Predecessor& predecessor : scenario_.predecessors) {
            const unsigned n = step_of(predecessor);
            if (n == 0 || !dies_at(predecessor.script, n)) {
                failure_ += "a predecessor never came to " + std::string(predecessor.step);
            }
        }
        start_candidates_ = candidates_;
    }

    // Which step of the predecessor's life has that name: found by letting it live once.
    unsigned step_of(const Predecessor& predecessor) {
        SegmentView::Snapshot before;
        view_.save(before);
        keeps_names_ = true;
        fork_and_wait(predecessor.script, 0);
        keeps_names_ = false;
        view_.restore(before);
        int left = predecessor.occurrence;
        const unsigned count = std::min(box_->trace.count.load(), StepTrace::kNamesMax);
        for (unsigned i = 0; i < count; ++i) {
            if (std::string_view(box_->trace.names[i]) == predecessor.step && --left == 0) {
                return i + 1;
            }
        }
        return 0;
    }

    void fork_and_wait(const Script& script, unsigned n) {
        box_->clear();
        box_->trace.keeps_names = keeps_names_;
#ifdef _WIN32
        static_cast<void>(script), static_cast<void>(n);
        failure_ += "this scenario needs fork";
#else
        const pid_t pid = ::fork();
        if (pid == 0) {
            trace_steps_into(&box_->trace);
            if (meeting_ != nullptr) meeting_->let_the_holder_go_when_contended();
            if (manner_ != nullptr && n != 0) {
                // exit() destroys the last handle.
                static auto own = std::move(queue_);
                live_and_end(own, *box_, script, n, *manner_);
            }
            if (n != 0 || keeps_names_) die_at_step(n);
            live(queue_, *box_, script);
            ::_exit(0);
        }
        if (!until_stopped(pid)) {
            while (::waitpid(pid, nullptr, 0) < 0) {}
        } else {
            lingering_ = pid;  // it lives on, and has left
        }
#endif
    }
    // A victim that has left without an end of its process.
    void end_lingering() {
#ifndef _WIN32
        if (lingering_ != 0) kill_and_collect(std::exchange(lingering_, 0));
#endif
    }

    // The life that has just ended, into what may be the state of the queue now.
    bool conclude(const Script& script) {
        const bool died = box_->trace.last[0] != '\0';
        if (!died && !box_->completed.load()) {
            failure_ = "the victim failed: " + std::string(box_->failure);
        }
        verdict_.add_life(candidates_, script, *box_);
        if (candidates_.empty() && failure_.empty()) {
            failure_ = "the victim was given what no queue would have given it";
        }
        return died;
    }

    std::vector<Delivery> drain() {
        std::vector<Delivery> seen;
        for (;;) {
            try {
                auto item = queue_.try_get();
                if (!item.has_value()) return seen;
                seen.push_back(finish(*item));
            } catch (const DecodeError&) {
                continue;  // it is a dead letter now
            }
        }
    }
    static Delivery finish(const std::string& text) { return {number_in(text), 1}; }
    static Delivery finish(Lease<std::string>& lease) {
        const Delivery delivery{number_in(*lease), lease.deliveries()};
        lease.done();
        return delivery;
    }
    // After an immediate shutdown whoever joins drops what a dead shutter left.
    void drop_if_shut_down() {
        if constexpr (is_joinable) static_cast<void>(queue_.join(Deadline::now()));
    }
    static int number_of(const DeadLetter& letter) {
        const std::string_view text(reinterpret_cast<const char*>(letter.bytes.data()),
                                    letter.bytes.size());
        if (text.front() == '\xc1') return number_in(text.substr(1));
        Reader reader(letter.bytes);
        return number_in(reader.string());
    }

    std::string try_usability(const Observed& seen) {
        if (seen.stats.participants != (scenario_.crowded ? 1023U : 1U)) {
            return std::to_string(seen.stats.participants) + " participants are left";
        }
        if (view_.state().shutdown.load() != 0) return {};
        queue_.put(text_of(1, 20), Deadline::now());
        queue_.put(text_of(2, 5000), Deadline::now());
        if (drain() != std::vector<Delivery>{{1, 1}, {2, 1}}) return "it does not work any more";
        if constexpr (is_joinable) {
            if (!queue_.join(Deadline::now())) return "join() still waits";
        }
        const auto stats = queue_.stats();
        if (stats.memory_bytes != queue::kChunkBytes) {
            return "blocks are leaked: " + std::to_string(stats.memory_bytes) + " bytes in use";
        }
        return stats.queued_bytes == 0 ? "" : std::to_string(stats.queued_bytes) + " bytes queued";
    }

    const Scenario& scenario_;
    Queue queue_;
    SegmentView view_;
    Verdict verdict_;
    SharedRecord<BlackBox> box_;
    Process spawned_;
#ifndef _WIN32
    const Meeting<Queue>* meeting_ = nullptr;
    const MannerOfEnd* manner_ = nullptr;
    pid_t lingering_ = 0;
#endif
    bool keeps_names_ = false;
    std::string failure_;
    std::vector<QueueModel> candidates_;
    std::vector<QueueModel> start_candidates_;
    SegmentView::Snapshot start_;
};

}  // namespace procession::testing
