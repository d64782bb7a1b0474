// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crash/start_deaths.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>

#include "crash/creator_death.h"
#include "crash/texts.h"
#include "death/kill_points.h"
#include "death/queue/subject.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"
#include "support/shared_record.h"

namespace procession::testing {

namespace {

using death::BlackBox;
using death::Delivery;

constexpr const char* kOrder = "PROCESSION_TEST_DIE_AT";  // "<step>:<pid>:<fd of its black box>"

/// Before main, in every process of this program: a spawned child may have been told where to die.
[[maybe_unused]] const bool armed_before_init = [] {
    const char* order = std::getenv(kOrder);
    if (order == nullptr) return false;
    char* rest = nullptr;
    const auto step = static_cast<unsigned>(std::strtoul(order, &rest, 10));
    const auto pid = static_cast<std::int32_t>(std::strtol(rest + 1, &rest, 10));
    const auto fd = static_cast<std::int32_t>(std::strtol(rest + 1, &rest, 10));
    static auto* const box = new SharedRecord<BlackBox>({pid, fd});
    trace_steps_into(&(*box)->trace);
    die_at_step(step);
    return true;
}();

/// What the child is for: it takes an item, puts another one, finishes the first.
struct Errand {
    JoinableQueue<std::string> queue;
    void operator()() const {
        auto lease = queue.get();
        queue.put(text_of(50, 20));
        lease.done();
    }
};

/// A queue with one item, and what may have become of it.
class Household {
  public:
    Household() { queue_.put(text_of(0, 20)); }
    [[nodiscard]] Errand errand() const { return {queue_}; }

    /// Whether the errand is whole or was never begun, or, if it may be cut short, in between.
    [[nodiscard]] std::string judge(bool may_be_cut_short) const {
        queue_.bytes().notice_deaths();
        std::vector<Delivery> seen;
        while (auto lease = queue_.try_get()) {
            seen.push_back({number_in(**lease), lease->deliveries()});
            lease->done();
        }
        using All = std::vector<Delivery>;
        const bool whole = seen == All{{0, 1}} || seen == All{{50, 1}};
        const bool half = seen == All{{0, 2}} || seen == All{{0, 2}, {50, 1}};
        if (!whole && !(half && may_be_cut_short)) return "the items are not what they should be";
        const auto stats = queue_.stats();
        if (!queue_.join(Deadline::now())) return "join() still waits";
        if (stats.participants != 1) return "somebody is still there";
        if (stats.redelivered != (half ? 1U : 0U)) return "redelivered is wrong";
        if (stats.deaths > 1) return "deaths is wrong";
        if (stats.memory_bytes != 65536) return "blocks are leaked";
        return {};
    }

  private:
    JoinableQueue<std::string> queue_;
};

ProcessOptions tied(bool die_with_parent) {
    ProcessOptions options;
    options.die_with_parent = die_with_parent;
    return options;
}

/// The parent dies while it starts a child and waits for it.
class SpawnerLife final : public StartLife {
  public:
    SpawnerLife(StartMethod method, bool is_tied) : method_(method), is_tied_(is_tied) {}

    [[nodiscard]] std::string name() const override {
        return "spawner_by_" + std::string(name_of(method_)) + (is_tied_ ? "_of_a_tied_child" : "");
    }
    std::vector<std::string> record() override {
        const Household household;
        run(household, 0, true);
        return box_->names();
    }
    std::string die_at(unsigned n, std::string& where) override {
        const Household household;
        run(household, n, false);
        where = box_->trace.last;
        return household.judge(is_tied_);
    }

  private:
    // Returns when the spawner and all that it started have ended.
    void run(const Household& household, unsigned n, bool keeps_names) {
        box_->clear();
        box_->trace.keeps_names = keeps_names;
        ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // its orphans are ours: their end is seen here
        if (::fork() == 0) {
            trace_steps_into(&box_->trace);
            die_at_step(n);
            {
                Process child(method_, tied(is_tied_), household.errand());
                child.join();
            }
            ::_exit(0);
        }
        while (::waitpid(-1, nullptr, 0) > 0 || errno == EINTR) {}
        ::prctl(PR_SET_CHILD_SUBREAPER, 0);
    }

    const StartMethod method_;
    const bool is_tied_;
    SharedRecord<BlackBox> box_;
};

/// The child dies, from its first step to its last one.
class ChildLife final : public StartLife {
  public:
    ChildLife(StartMethod method, bool is_tied) : method_(method), is_tied_(is_tied) {}

    [[nodiscard]] std::string name() const override {
        return "child_by_" + std::string(name_of(method_)) + (is_tied_ ? "_tied" : "");
    }
    std::vector<std::string> record() override {
        const Household household;
        box_->clear();
        box_->trace.keeps_names = true;
        start(household, 0).join();
        auto names = box_->names();
        const auto rebuilt = std::find(names.begin(), names.end(), "child.rebuilt.reported");
        rebuilt_at_ = static_cast<unsigned>(rebuilt - names.begin()) + 1;
        return names;
    }
    std::string die_at(unsigned n, std::string& where) override {
        const Household household;
        box_->clear();
        Process child = start(household, n);
        child.join();
        where = box_->trace.last;
        if (where.empty()) return household.judge(false);
        if (child.exit_code() != -SIGKILL) return "the exit code is wrong";
        const auto error = child.exception();
        const bool expected = method_ == StartMethod::spawn && n < rebuilt_at_;
        if (error.has_value() != expected) return "an error of the bootstrap is not what it was";
        if (expected && error->type != "procession::ProcessError") return "another error";
        return household.judge(true);
    }

  private:
    Process start(const Household& household, unsigned n) {
        const auto address = box_.address();
        const std::string order = std::to_string(n) + ":" + std::to_string(address.pid) + ":" +
                                  std::to_string(address.fd);
        if (method_ == StartMethod::spawn) {
            ::setenv(kOrder, order.c_str(), 1);
        } else {
            trace_steps_into(&box_->trace);
            fork_children_die_at_step(n);
        }
        Process child(method_, tied(is_tied_), household.errand());
        ::unsetenv(kOrder);
        trace_steps_into(nullptr);
        die_at_step(0);
        return child;
    }

    const StartMethod method_;
    const bool is_tied_;
    unsigned rebuilt_at_ = 0;
    SharedRecord<BlackBox> box_;
};

/// The creator of a queue dies; this process has got hold of the unfinished memory.
class CreatorLife final : public StartLife {
  public:
    [[nodiscard]] std::string name() const override { return "creator"; }
    std::vector<std::string> record() override {
        box_->clear();
        box_->trace.keeps_names = true;
        const pid_t pid = ::fork();
        if (pid == 0) {
            trace_steps_into(&box_->trace);
            die_at_step(0);
            { const JoinableQueue<std::string> queue; }
            ::_exit(0);
        }
        while (::waitpid(pid, nullptr, 0) < 0) {}
        return box_->names();
    }
    std::string die_at(unsigned n, std::string& where) override {
        box_->clear();
        const std::string wrong = try_what_a_creator_left(n, box_->trace);
        where = box_->trace.last;
        return wrong;
    }

  private:
    SharedRecord<BlackBox> box_;
};

}  // namespace

std::vector<std::unique_ptr<StartLife>> start_lives() {
    std::vector<std::unique_ptr<StartLife>> lives;
    for (const StartMethod method : {StartMethod::fork, StartMethod::spawn}) {
        for (const bool is_tied : {false, true}) {
            lives.push_back(std::make_unique<SpawnerLife>(method, is_tied));
            lives.push_back(std::make_unique<ChildLife>(method, is_tied));
        }
    }
    lives.push_back(std::make_unique<CreatorLife>());
    return lives;
}

}  // namespace procession::testing
