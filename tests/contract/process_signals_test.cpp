// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <string>

#include "contract/process_fixture.h"
#include "process/forkserver_client.h"

// What a child has of its parent's signals: under spawn and forkserver nothing but those that are
// ignored, so that terminate() works; under fork all of it, as fork(2) says.

namespace procession::testing {

using namespace detail;
namespace {

class ProcessSignals : public EachStartMethod {
  protected:
    // A forkserver of an earlier test has begun with other signals.
    void SetUp() override { process::end_forkserver(); }
    void TearDown() override { process::end_forkserver(); }
};
INSTANTIATE_TEST_SUITE_P(StartMethods, ProcessSignals, all_start_methods(), show_start_method);

/// While it lives, this thread gets none of the signals that end a server in good order.
class Blocked {
  public:
    Blocked() {
        sigset_t set;
        sigemptyset(&set);
        for (const int each : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&set, each);
        ::pthread_sigmask(SIG_BLOCK, &set, &before_);
    }
    ~Blocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    Blocked(const Blocked&) = delete;
    Blocked& operator=(const Blocked&) = delete;

  private:
    sigset_t before_{};
};

/// What becomes of a signal, while this lives.
class Disposition {
  public:
    Disposition(int number, void (*act)(int)) : number_(number) {
        struct sigaction wanted{};
        wanted.sa_handler = act;
        ::sigaction(number, &wanted, &before_);
    }
    ~Disposition() { ::sigaction(number_, &before_, nullptr); }
    Disposition(const Disposition&) = delete;
    Disposition& operator=(const Disposition&) = delete;

    static auto of(int number) {
        struct sigaction now{};
        ::sigaction(number, nullptr, &now);
        return now.sa_handler;
    }

  private:
    const int number_;
    struct sigaction before_{};
};

void do_nothing_at(int) {}

bool is_any_blocked() {
    sigset_t mask;
    ::pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    return sigisemptyset(&mask) == 0;
}

void expect_signals_to_be_blocked(bool expected) { must(is_any_blocked() == expected); }

TEST_P(ProcessSignals, that_its_parent_blocks_are_blocked_in_a_forked_child_only) {
    const Blocked blocked;
    EXPECT_TRUE(
        ends_well(Process(method(), expect_signals_to_be_blocked, method() == StartMethod::fork)));
}

int exit_code_after_terminate(StartMethod method, const Folder& folder) {
    const std::string fifo = folder.fifo("up");
    Process child(method, wait_for_death, fifo);
    EXPECT_EQ(read_line(open_end(fifo, O_RDONLY)), "up");
    child.terminate();
    child.join(method == StartMethod::fork ? 0s : 1h);
    child.kill();
    child.join();
    return child.exit_code().value();
}

TEST_P(ProcessSignals, that_its_parent_blocks_do_not_keep_terminate_from_ending_a_child) {
    const Blocked blocked;
    // Of a forked child that is the documented limit.
    EXPECT_EQ(exit_code_after_terminate(method(), folder_),
              method() == StartMethod::fork ? -SIGKILL : -SIGTERM);
}

TEST_P(ProcessSignals, that_its_parent_ignores_or_handles_do_not_keep_terminate_from_ending_it) {
    const Disposition ignored(SIGTERM, SIG_IGN);
    EXPECT_EQ(exit_code_after_terminate(method(), folder_),
              method() == StartMethod::fork ? -SIGKILL : -SIGTERM);
}

void expect_dispositions(StartMethod method) {
    const bool is_forked = method == StartMethod::fork;
    must(Disposition::of(SIGPIPE) == SIG_IGN);
    must(Disposition::of(SIGINT) == SIG_IGN);
    must(Disposition::of(SIGTERM) == (is_forked ? SIG_IGN : SIG_DFL));
    must(Disposition::of(SIGUSR1) == (is_forked ? do_nothing_at : SIG_DFL));
}

TEST_P(ProcessSignals, that_its_parent_ignores_stay_ignored_but_for_sigterm_and_handlers_go) {
    const Disposition no_pipe(SIGPIPE, SIG_IGN);
    const Disposition no_interrupt(SIGINT, SIG_IGN);
    const Disposition no_end(SIGTERM, SIG_IGN);
    const Disposition handled(SIGUSR1, do_nothing_at);
    EXPECT_TRUE(ends_well(Process(method(), expect_dispositions, method())));
}

void block_all() {
    sigset_t all;
    sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

TEST(ProcessSignalsOfTheForkserver, that_its_preload_function_blocks_are_not_blocked_in_children) {
    process::end_forkserver();
    set_forkserver_preload(block_all);
    EXPECT_TRUE(ends_well(Process(forkserver, expect_signals_to_be_blocked, false)));
    set_forkserver_preload(nullptr);
    process::end_forkserver();
}

void terminate_a_grandchild(StartMethod method, const std::string& fifo) {
    const Blocked blocked;
    Process grandchild(method, wait_for_death, fifo);
    read_line(open_end(fifo, O_RDONLY));
    grandchild.terminate();
    grandchild.join();
    must(grandchild.exit_code() == -SIGTERM);
}

TEST_P(ProcessSignals, that_a_child_blocks_do_not_reach_its_own_spawned_children) {
    for (const auto next : {StartMethod::spawn, StartMethod::forkserver}) {
        const std::string fifo = folder_.fifo("up" + std::string(name_of(next)));
        EXPECT_TRUE(ends_well(Process(method(), terminate_a_grandchild, next, fifo)));
    }
}

}  // namespace
}  // namespace procession::testing
