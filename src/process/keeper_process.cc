// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/keeper_process.h"

#include <chrono>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "base/fork_local.h"
#include "base/logging.h"
#include "base/process_singleton.h"
#include "handoff/keeper.h"
#include "handoff/keeper_client.h"
#include "os/at_fork.h"
#include "os/child.h"
#include "os/inherited.h"
#include "os/wait.h"
#include "process/program.h"
#include "procession/error.h"

namespace procession::process {

namespace {

/// How long the end of a process waits for the end of its keeper, at most: it takes a few
/// milliseconds, a tenth of a second when there are items that no process can receive any more.
constexpr std::chrono::seconds kMoment{3};

/// The keepers that this process has started: one, unless it was killed. A fork child has started
/// none.
class OwnKeepers final : public os::ForkListener {
  public:
    static OwnKeepers& instance() { return base::ProcessSingleton<OwnKeepers>::instance(); }

    /// Before the start, so that nothing can fail after it.
    void expect_one() {
        const std::lock_guard guard(lock_);
        // Zombies of those that have ended.
        std::erase_if(*children_,
                      [](const os::Child& child) { return os::reap(child).has_value(); });
        children_->reserve(children_->size() + 1);
    }
    void add(os::Child started) noexcept {
        const std::lock_guard guard(lock_);
        children_->push_back(std::move(started));
    }
    void wait_for_end(Deadline deadline) noexcept {
        const std::lock_guard guard(lock_);
        std::erase_if(*children_, [deadline](const os::Child& child) {
            static_cast<void>(os::wait_readable(child.sentinel.get(), deadline));
            return os::reap(child).has_value();
        });
    }
    bool has_some() noexcept {
        const std::lock_guard guard(lock_);
        return !children_->empty();
    }

    void after_fork_in_child() noexcept override {
        lock_.reset_after_fork();
        children_.reset_after_fork();
    }

  private:
    friend class base::ProcessSingleton<OwnKeepers>;
    OwnKeepers() noexcept { start_listening(); }

    base::ForkSafeMutex lock_;
    base::ForkLocal<std::vector<os::Child>> children_;
};

void remember(os::Child started) noexcept {
    base::log(LogLevel::debug, "started the keeper of queued handles (pid %d)", started.pid);
    OwnKeepers::instance().add(std::move(started));
}

}  // namespace

void start_keeper(os::Handle rendezvous_socket) {
    refuse_to_start_again("keeper");
    os::SpawnPlan plan;
    plan.arguments = {*program_name(), keeper_marker + os::text_of(rendezvous_socket.get())};
    plan.inherited = {rendezvous_socket.get()};
    OwnKeepers::instance().expect_one();
    os::Child child;
    if (const auto problem = os::spawn_same_program(plan, child))
        throw ProcessError(problem, "start", "keeper", "the system refused to start the program");
    remember(std::move(child));
}

void start_keeper_from(std::span<const std::byte> image, os::Handle rendezvous_socket) {
    os::SpawnPlan plan;
    plan.arguments = {"procession-keeper", os::text_of(rendezvous_socket.get())};
    plan.inherited = {rendezvous_socket.get()};
    OwnKeepers::instance().expect_one();
    os::Child child;
    if (const auto problem = os::spawn_program(image, plan, child)) {
        throw ProcessError(problem, "start", "keeper",
                           "the system does not let programs run from memory (the sysctl "
                           "vm.memfd_noexec, or a security module): queues cannot be put into "
                           "queues here; hand them to processes as arguments instead");
    }
    remember(std::move(child));
}

void end_keeper() noexcept {
    handoff::forget_keepers();
    handoff::join_family({}, {});
    OwnKeepers::instance().wait_for_end(Deadline::never());
}

void leave_keeper_at_end() noexcept {
    auto& own = OwnKeepers::instance();
    if (!own.has_some()) return;
    const Deadline deadline = kMoment;
    const bool ends_too = handoff::leave_keeper(deadline);
    own.wait_for_end(ends_too ? deadline : Deadline::now());
}

namespace {

// After all destructors of static objects, which may hold queues.
[[gnu::destructor]] void at_the_very_end() { leave_keeper_at_end(); }

}  // namespace

}  // namespace procession::process
