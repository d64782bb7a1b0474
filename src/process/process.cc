// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/process.h"

#include <chrono>

#include "base/logging.h"
#include "os/signals.h"
#include "process/child_record.h"
#include "process/child_table.h"
#include "procession/error.h"

namespace procession::inline v0 {

namespace {

using detail::process::ChildRecord;

// The one thing that every member asks first.
ChildRecord& usable(const std::shared_ptr<ChildRecord>& child, std::string_view operation) {
    if (child == nullptr) {
        throw ValueError(operation, "process",
                         "the process object is closed, moved from, or never held a child");
    }
    child->expect_mine(operation);
    return *child;
}

/// So long a destructor waits before it says that it does.
constexpr std::chrono::seconds kSilence{5};

void let_go(std::shared_ptr<ChildRecord>& child, bool is_unwinding) noexcept {
    if (child == nullptr) return;
    if (child->is_mine()) {
        try {
            const bool is_to_end = (child->daemon() || is_unwinding) && child->runs();
            if (is_to_end && !child->daemon()) {
                detail::base::log(
                    LogLevel::warning,
                    "an exception destroys the Process object of %s (pid %d), which still "
                    "runs: it gets SIGTERM",
                    child->name().c_str(), child->pid());
            }
            const bool left_alone =
                is_to_end && !child->end_by_force(detail::process::daemon_patience);
            if (!left_alone && !child->join(kSilence)) {
                detail::base::log(
                    LogLevel::warning,
                    "the destructor of a Process object waits for %s (pid %d), which still "
                    "runs: shut down the queue that it waits in, join() it, or make it a "
                    "daemon",
                    child->name().c_str(), child->pid());
                child->join(Deadline::never());
            }
            // NOLINTNEXTLINE(bugprone-empty-catch)
        } catch (...) {  // no memory for the text of its exception: it has ended all the same
        }
        detail::process::remove_from_table(*child);
    }
    child.reset();
}

}  // namespace

Process& Process::operator=(Process&& other) noexcept {
    if (this == &other) return *this;
    let_go(child_, is_unwound());
    child_ = std::move(other.child_);
    exceptions_at_start_ = other.exceptions_at_start_;
    return *this;
}

bool Process::is_unwound() const noexcept {
    return std::uncaught_exceptions() > exceptions_at_start_;
}

Process::~Process() { let_go(child_, is_unwound()); }

int Process::pid() const { return usable(child_, "pid").pid(); }
const std::string& Process::name() const { return usable(child_, "name").name(); }
bool Process::daemon() const { return usable(child_, "daemon").daemon(); }
std::optional<int> Process::exit_code() const { return usable(child_, "exit_code").exit_code(); }
bool Process::is_alive() const { return !usable(child_, "is_alive").exit_code().has_value(); }
bool Process::join(Deadline deadline) { return usable(child_, "join").join(deadline); }
void Process::terminate() {
    usable(child_, "terminate").signal(detail::os::signal_terminate, "terminate");
}
void Process::kill() { usable(child_, "kill").signal(detail::os::signal_kill, "kill"); }
void Process::interrupt() {
    usable(child_, "interrupt").signal(detail::os::signal_interrupt, "interrupt");
}
NativeHandle Process::sentinel() const { return usable(child_, "sentinel").sentinel(); }

std::optional<ChildException> Process::exception() const {
    return usable(child_, "exception").exception();
}

void Process::close() {
    ChildRecord& child = usable(child_, "close");
    if (!child.exit_code().has_value()) {
        throw ValueError("close", child.name(),
                         "cannot close a process while it is still running; first call join() or "
                         "terminate()");
    }
    detail::process::remove_from_table(child);
    child_.reset();
}

}  // namespace procession::inline v0
