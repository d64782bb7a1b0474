// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <stdexcept>

#include "faults/queue_stage.h"
#include "procession/process.h"

namespace procession::testing {

namespace {

// ---- what children do --------------------------------------------------------------------------

void do_nothing() {}
void throw_something() { throw std::runtime_error("the child's own error"); }
void wait_for_death() {
    for (;;) ::pause();
}

/// Takes one item from each queue and puts one into each.
struct Worker {
    JoinableQueue<std::string> tasks;
    Queue<std::string> results;

    void operator()() const {
        auto task = tasks.get(Deadline::now());
        results.put("result of " + *task);
        task.done();
    }
};

// ---- operations --------------------------------------------------------------------------------

ProcessOptions outlives_parent() {
    ProcessOptions options;
    options.die_with_parent = false;
    return options;
}

/// A child that runs to its end. What becomes of it is told, whatever fails: by the exception of
/// start or join, or by its exit code and what it reported. No child crashes.
class RunChild : public Operation {
  public:
    void act() override {
        child_ = start();
        child_.join();
        code_ = child_.exit_code();
        if (code_ != wanted_code()) why_ = child_.exception();
    }
    void check(const Outcome& outcome) override {
        if (!outcome.threw) {
            EXPECT_TRUE(code_.has_value());
            const bool told =
                code_ == wanted_code() || (why_.has_value() && !why_->message.empty());
            EXPECT_TRUE(told) << "exit code " << code_.value_or(-999) << " without a word";
        }
        if (outcome.had_to_succeed) {
            EXPECT_TRUE(went_well(outcome)) << "exit code " << code_.value_or(-999);
        }
        child_ = {};
        Process again(fork, do_nothing);
        again.join();
        EXPECT_EQ(again.exit_code(), 0) << "no more children can be started";
    }

  protected:
    virtual Process start() = 0;
    virtual int wanted_code() { return 0; }
    [[nodiscard]] bool went_well(const Outcome& outcome) {
        return !outcome.threw && code_ == wanted_code();
    }

  private:
    Process child_;
    std::optional<int> code_;
    std::optional<ChildException> why_;
};

template <StartMethod method>
class Run : public RunChild {
    Process start() override { return Process(method, outlives_parent(), do_nothing); }
};
template <StartMethod method>
class RunNamed : public RunChild {
    Process start() override {
        ProcessOptions options;
        options.name = "a child with a name that is too long for the small string optimisation";
        options.die_with_parent = true;
        return Process(method, options, do_nothing);
    }
};
template <StartMethod method>
class RunThrowing : public RunChild {
    Process start() override { return Process(method, throw_something); }
    int wanted_code() override { return 1; }
};

template <StartMethod method>
class RunWorker : public RunChild {
  public:
    RunWorker() {
        worker_.tasks.put("a");
        worker_.tasks.put("b");
    }
    void check(const Outcome& outcome) override {
        RunChild::check(outcome);
        worker_.tasks.bytes().notice_deaths();
        worker_.results.bytes().notice_deaths();
        std::size_t tasks = 0;
        for (; !worker_.tasks.empty(); ++tasks) worker_.tasks.get(Deadline::now()).done();
        std::size_t results = 0;
        for (; !worker_.results.empty(); ++results) {
            EXPECT_EQ(worker_.results.get(Deadline::now()), "result of a");
        }
        // A task may have been done and come back all the same; none is lost.
        EXPECT_GE(tasks + results, 2U);
        EXPECT_LE(tasks, 2U);
        EXPECT_LE(results, 1U);
        if (went_well(outcome)) {
            EXPECT_EQ(tasks, 1U);
            EXPECT_EQ(results, 1U);
        }
        for (const QueueStats& stats : {worker_.tasks.stats(), worker_.results.stats()}) {
            EXPECT_EQ(stats.queued, 0U);
            EXPECT_EQ(stats.participants, 1U);
            EXPECT_EQ(stats.memory_bytes, QueueStage<Queue<std::string>>::kEmptyBytes);
        }
        EXPECT_TRUE(worker_.tasks.join(Deadline::now()));
        EXPECT_TRUE(worker_.tasks.dead_letters().empty());
    }

  private:
    Process start() override { return Process(method, worker_); }
    Worker worker_;
};

/// The child's first deed is one that needs it to be a participant, by the program's own fork.
class OwnFork : public QueueOperation<JoinableQueue<std::string>> {
  public:
    OwnFork() { stage_.fill(2); }
    void act() override {
        const pid_t child = ::fork();
        if (child == 0) {
            try {
                stage_.queue.get(Deadline::now()).give_back();
            } catch (const Error&) {  // its participation is what may fail
                ::_exit(1);
            } catch (const std::bad_alloc&) {
                ::_exit(1);
            }
            stage_.queue.close();
            ::_exit(0);
        }
        int status = 0;
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
        EXPECT_TRUE(WIFEXITED(status)) << "the child crashed";
    }
    void check(const Outcome& outcome) override {
        stage_.queue.bytes().notice_deaths();
        QueueOperation::check(outcome);
    }
};

/// What is asked of a child that runs.
class AskRunning : public Operation {
  public:
    // What fails in the child must not end it: it is the parent that is looked at.
    AskRunning() : child_(fork, outlives_parent(), wait_for_death) {}
    void check(const Outcome&) override {
        child_.kill();
        child_.join();
        EXPECT_TRUE(child_.exit_code() < 0) << "the end of the child is not known";
        EXPECT_TRUE(active_children().empty());
    }

  protected:
    Process child_;
};

class Look : public AskRunning {
    void act() override {
        EXPECT_TRUE(child_.is_alive());
        EXPECT_FALSE(child_.exit_code().has_value());
        EXPECT_FALSE(child_.exception().has_value());
        EXPECT_EQ(active_children().size(), 1U);
        EXPECT_FALSE(child_.join(std::chrono::milliseconds(3)));
        pollfd sentinel{child_.sentinel(), POLLIN, 0};
        EXPECT_EQ(::poll(&sentinel, 1, 0), 0);
    }
};
template <void (Process::*signal)()>
class Signal : public AskRunning {
    void act() override {
        (child_.*signal)();
        child_.join();
    }
};

/// A daemon is terminated when its Process object goes.
class DropDaemon : public Operation {
  public:
    DropDaemon() {
        ProcessOptions options;
        options.daemon = true;
        child_ = Process(fork, options, wait_for_death);
    }
    void act() override {
        pid_ = child_.pid();
        child_ = {};
    }
    void check(const Outcome&) override {
        EXPECT_TRUE(active_children().empty());
        // Whom the system does not let us signal is left alone: better than to wait for ever.
        const bool is_there = ::waitpid(pid_, nullptr, WNOHANG) == 0;
        if (!is_there) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
    }

  private:
    Process child_;
    pid_t pid_ = 0;
};

/// close() of a Process whose child has ended.
class CloseEnded : public Operation {
  public:
    CloseEnded() : child_(fork, do_nothing) { child_.join(); }
    void act() override { child_.close(); }
    void check(const Outcome&) override { EXPECT_TRUE(active_children().empty()); }

  private:
    Process child_;
};

/// The program ignores SIGCHLD: the kernel collects its children, maybe before we look.
class IgnoredChild : public Operation {
  public:
    IgnoredChild() : before_(::signal(SIGCHLD, SIG_IGN)) {}
    ~IgnoredChild() override { ::signal(SIGCHLD, before_); }
    void act() override {
        Process child(fork, do_nothing);
        child.join();
        known_ = child.exit_code().has_value();
    }
    void check(const Outcome& outcome) override {
        EXPECT_NE(known_, outcome.threw);
        ::waitpid(-1, nullptr, 0);  // returns when there is no child any more
    }

  private:
    void (*before_)(int);
    bool known_ = false;
};

constexpr auto kFork = StartMethod::fork;
constexpr auto kSpawn = StartMethod::spawn;

constexpr PlannedFault kNoSentinel{Call::pidfd_open, 1, EMFILE, true, Whose::actors};
constexpr PlannedFault kGone{Call::pidfd_open, 1, ESRCH, true, Whose::actors};

constexpr std::array kOperations{
    NamedOperation{"fork", make<Run<kFork>>},
    NamedOperation{"fork_die_with_parent", make<RunNamed<kFork>>},
    NamedOperation{"fork_throwing", make<RunThrowing<kFork>>},
    NamedOperation{"fork_with_queues", make<RunWorker<kFork>>},
    NamedOperation{"spawn", make<Run<kSpawn>>},
    NamedOperation{"spawn_die_with_parent", make<RunNamed<kSpawn>>},
    NamedOperation{"spawn_throwing", make<RunThrowing<kSpawn>>},
    NamedOperation{"spawn_with_queues", make<RunWorker<kSpawn>>},
    NamedOperation{"fork_of_the_programs_own", make<OwnFork>},
    NamedOperation{"look_at_a_child", make<Look>},
    NamedOperation{"terminate", make<Signal<&Process::terminate>>},
    NamedOperation{"kill", make<Signal<&Process::kill>>},
    NamedOperation{"interrupt", make<Signal<&Process::interrupt>>},
    NamedOperation{"drop_a_daemon", make<DropDaemon>},
    NamedOperation{"close_of_an_ended_child", make<CloseEnded>},
    NamedOperation{"fork_without_sentinel", make<Run<kFork>>, kNoSentinel},
    NamedOperation{"spawn_without_sentinel", make<Run<kSpawn>>, kNoSentinel},
    NamedOperation{"fork_of_a_child_that_is_gone", make<IgnoredChild>, kGone},
};

}  // namespace

std::span<const NamedOperation> process_operations() { return kOperations; }

std::span<const NamedOperation> all_operations() {
    static const std::vector<NamedOperation> all = [] {
        std::vector<NamedOperation> made;
        for (const auto& each : {plain_queue_operations(), joinable_queue_operations(),
                                 process_operations(), connection_operations()}) {
            made.insert(made.end(), each.begin(), each.end());
        }
        return made;
    }();
    return all;
}

}  // namespace procession::testing
