// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/keeper_process.h"

#include <charconv>
#include <mutex>
#include <new>
#include <string>

#include "base/logging.h"
#include "handoff/keeper.h"
#include "handoff/keeper_client.h"
#include "os/at_fork.h"
#include "os/child.h"
#include "os/inherited.h"
#include "os/meeting_point.h"
#include "os/wait.h"
#include "process/program.h"
#include "procession/error.h"

namespace procession::process {

namespace {

/// The keeper that this process has started last. A fork child has started none.
class OwnKeeper final : public os::ForkListener {
  public:
    static OwnKeeper& instance() {
        static auto* const only = new OwnKeeper;
        return *only;
    }

    void is(os::Child started) {
        const std::lock_guard guard(lock_);
        // The one before has ended, or is about to, since nobody uses it any more.
        if (child_.pid != 0) static_cast<void>(os::collect(child_));
        child_ = std::move(started);
    }
    void wait_for_end() noexcept {
        const std::lock_guard guard(lock_);
        if (child_.pid == 0) return;
        static_cast<void>(os::wait_readable(child_.sentinel.get(), Deadline::never()));
        static_cast<void>(os::collect(child_));
        child_ = {};
    }

    void after_fork_in_child() noexcept override {
        new (&lock_) std::mutex;
        child_.pid = 0;
        child_.sentinel.reset();
    }

  private:
    OwnKeeper() noexcept { start_listening(); }

    std::mutex lock_;
    os::Child child_;
};

[[maybe_unused]] const OwnKeeper& made_early = OwnKeeper::instance();

}  // namespace

void start_keeper(os::Handle meeting_point) {
    os::SpawnPlan plan;
    plan.arguments = {*program_name(), keeper_marker + std::to_string(meeting_point.get())};
    plan.inherited = {meeting_point.get()};
    os::Child child;
    if (const auto problem = os::spawn_same_program(plan, child))
        throw ProcessError(problem, "start", "keeper", "the system refused to start the program");
    base::log(LogLevel::debug, "started the keeper of queued handles (pid %d)", child.pid);
    OwnKeeper::instance().is(std::move(child));
}

void run_keeper(std::string_view descriptor) noexcept {
    int number = -1;
    const char* end = descriptor.data() + descriptor.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)  a literal
    const auto parsed = std::from_chars(descriptor.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number < 0) os::exit_at_once(127);
    try {
        os::name_this_process("procession-keep");
        os::close_on_exec(number);
        os::let_go_of_standard_streams();
        os::ignore_interrupts();
        os::allow_many_handles();
        handoff::Keeper(os::Handle(number)).run();
    } catch (const std::exception& failed) {
        base::log(LogLevel::error, "the keeper of queued handles ends: %s", failed.what());
        os::exit_at_once(1);
    }
    os::exit_at_once(0);
}

void end_keeper() noexcept {
    handoff::forget_keepers();
    handoff::set_keeper_of_family({});
    OwnKeeper::instance().wait_for_end();
}

}  // namespace procession::process
