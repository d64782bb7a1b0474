// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "faults/driver.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <new>
#include <system_error>

#include "faults/failing_new.h"
#include "procession/error.h"
#include "support/census.h"

namespace procession::testing {

using namespace detail;

namespace {

// Long before the watchdog ends the whole test, so that the case that hangs has a name.
constexpr unsigned kHangSeconds = 20;

void expect_telling(const Error& error, int number) {
    EXPECT_FALSE(error.operation().empty());
    const std::string what = error.what();
    EXPECT_NE(what.find(error.operation()), std::string::npos) << what;
    EXPECT_GT(what.size(), error.operation().size() + 10) << "says hardly anything: " << what;
    if (number <= 0) return;
    const bool no_memory = number == ENOSPC || number == ENOMEM;
    const bool names_it = error.code().value() == number ||
                          (no_memory && error.code() == std::errc::not_enough_memory) ||
                          what.find(std::generic_category().message(number)) != std::string::npos;
    EXPECT_TRUE(names_it) << "does not name " << name_of_error(number) << ": " << what;
}

Outcome attempt(Operation& operation, const Run& run) {
    // A call that a signal interrupts is made again, or did not matter.
    const bool must_succeed = run.number == EINTR && !run.operation.given;
    FaultPlan::arm();
    try {
        operation.act();
        FaultPlan::disarm();
        return {false, "", must_succeed};
    } catch (const Error& error) {
        FaultPlan::disarm();
        EXPECT_FALSE(must_succeed) << "an interrupted call was not repeated: " << error.what();
        if (!run.operation.given) expect_telling(error, run.number);
        return {true, error.what()};
    } catch (const std::bad_alloc& none) {
        FaultPlan::disarm();
        EXPECT_TRUE(run.bad_alloc_is_fine) << "std::bad_alloc";
        return {true, none.what()};
    } catch (const std::exception& other) {
        FaultPlan::disarm();
        ADD_FAILURE() << "threw something of its own: " << other.what();
        return {true, other.what()};
    }
}

void act_here(FaultPlan& plan, const Run& run) {
    const Census before;
    const long live = live_allocations();
    {
        const auto operation = run.operation.make();
        const Outcome outcome = attempt(*operation, run);
        SCOPED_TRACE(outcome.threw ? "after: " + outcome.what : "after success");
        operation->check(outcome);
    }
    before.expect_nothing_left();
    plan.note_live_allocations(live_allocations() - live);
}

/// What the processes of a case write, shown only when it fails.
class Output {
  public:
    Output() : file_(::memfd_create("output", MFD_CLOEXEC)) {}
    void redirect() const {
        ::dup2(file_.get(), STDOUT_FILENO);
        ::dup2(file_.get(), STDERR_FILENO);
    }
    [[nodiscard]] std::string text() const {
        std::string text(static_cast<std::size_t>(::lseek(file_.get(), 0, SEEK_END)), '\0');
        const ssize_t got = ::pread(file_.get(), text.data(), text.size(), 0);
        text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
        return text;
    }

  private:
    os::Handle file_;
};

int failures_so_far() {
    const auto* result = ::testing::UnitTest::GetInstance()->current_test_info()->result();
    int failures = 0;
    for (int i = 0; i < result->total_part_count(); ++i) {
        if (result->GetTestPartResult(i).failed()) ++failures;
    }
    return failures;
}

[[noreturn]] void be_the_case(FaultPlan& plan, const Run& run, const Output& output) {
    const int inherited = failures_so_far();
    output.redirect();
    ::alarm(kHangSeconds);
    act_here(plan, run);
    std::fflush(nullptr);
    ::_exit(failures_so_far() == inherited ? 0 : 1);
}

std::string how(int status) {
    if (WIFEXITED(status)) return "failed";
    if (WTERMSIG(status) == SIGALRM) return "hung";
    return "crashed by signal " + std::to_string(WTERMSIG(status));
}

}  // namespace

bool is_due() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    constexpr unsigned every = 11;
#else
    constexpr unsigned every = 1;
#endif
    static unsigned turn = 0;
    return turn++ % every == 0;
}

bool runs_well(FaultPlan& plan, const Run& run) {
    std::fflush(nullptr);
    const Output output;
    const pid_t child = ::fork();
    if (child == 0) be_the_case(plan, run, output);
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
    ADD_FAILURE() << run.operation.name << " " << how(status) << " with " << run.trouble << ":\n"
                  << output.text();
    return false;
}

}  // namespace procession::testing
