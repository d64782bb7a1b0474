// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/child_record.h"

#include <cstdio>

#include "base/logging.h"
#include "base/step.h"
#include "os/signals.h"
#include "os/wait.h"
#include "procession/error.h"
#include "shm/shared_object.h"

namespace procession::inline v0::detail::process {

namespace {

/// When it is not known how a child ended; Python says the same.
constexpr int exit_code_unknown = 255;

std::string how_it_ended(int exit_code) {
    if (exit_code >= 0) return "with exit code " + std::to_string(exit_code);
    return "by signal " + std::to_string(-exit_code);
}

}  // namespace

ChildRecord::ChildRecord(std::string name, StartMethod method, const ProcessOptions& options)
    : name_(std::move(name)),
      method_(method),
      daemon_(options.daemon),
      creator_(os::current_process_id()) {
    start_listening();
}

os::Lifeline& ChildRecord::make_lifeline() {
    lifeline_ = std::make_unique<os::Lifeline>();
    return *lifeline_;
}

void ChildRecord::started(os::Child child, os::Handle receiver) {
    const std::lock_guard guard(lock_);
    child_ = std::move(child);
    receiver_ = std::move(receiver);
    started_ = true;
    base::log(LogLevel::debug, "started %s (pid %d) by %s", name_.c_str(), child_.pid,
              // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)  a literal
              name_of(method_).data());
}

void ChildRecord::expect_mine(std::string_view operation) const {
    if (is_mine()) return;
    throw ValueError(operation, name_,
                     "not a child of this process (a Process object works only in the process that "
                     "made it): can only join a child process");
}

std::optional<int> ChildRecord::exit_code() {
    bool ended_now = false;
    std::optional<int> code;
    {
        const std::lock_guard guard(lock_);
        const bool known = exit_code_.has_value();
        collect_if_ended();
        code = exit_code_;
        ended_now = !known && code.has_value();
    }
    // Items that the child held wait again when its end is known.
    if (ended_now) shm::notice_deaths_everywhere();
    return code;
}

std::optional<ChildException> ChildRecord::exception() {
    const std::lock_guard guard(lock_);
    collect_if_ended();
    return exception_;
}

bool ChildRecord::runs() {
    const std::lock_guard guard(lock_);
    if (!started_) return false;
    collect_if_ended();
    return !exit_code_.has_value();
}

bool ChildRecord::join(Deadline deadline) {
    // Waits without the lock, so that other threads can ask meanwhile.
    while (os::wait_readable(child_.sentinel.get(), deadline)) {
        if (exit_code().has_value()) return true;
        // It has ended, but a debugger that is attached to it has first right to see that.
        // Or the kernel could not tell.
        static_cast<void>(os::wait_readable(os::no_handle, std::chrono::milliseconds(1)));
        if (deadline.expired()) break;
    }
    return exit_code().has_value();
}

void ChildRecord::signal(int number, std::string_view operation) {
    const std::lock_guard guard(lock_);
    if (exit_code_.has_value()) return;
    signalled_ = true;
    if (const auto problem = os::send_signal(child_, number))
        throw ProcessError(problem, operation, name_, "the system refused to send the signal");
}

bool ChildRecord::try_to_end(int number, Deadline patience) noexcept {
    try {
        signal(number, number == os::signal_kill ? "kill" : "terminate");
        return join(patience);
    } catch (const std::exception& problem) {
        base::log(LogLevel::error, "%s", problem.what());
        return false;
    }
}

bool ChildRecord::end_by_force(Deadline patience) noexcept {
    if (try_to_end(os::signal_terminate, patience)) return true;
    base::log(LogLevel::warning, "%s did not end on SIGTERM: SIGKILL", name_.c_str());
    return try_to_end(os::signal_kill, Deadline::never());
}

void ChildRecord::after_fork_in_child() noexcept {
    inherited_ = true;
    lock_.reset_after_fork();
    child_.sentinel.reset();
    child_.status_channel.reset();
    receiver_.reset();
}

void ChildRecord::collect_if_ended() {
    if (exit_code_.has_value()) return;
    const auto ending = os::reap(child_);
    if (!ending) return;
    read_reports();
    PROCESSION_STEP("child.collected");
    exit_code_ = ending->exit_code;
    if (!exit_code_) exit_code_ = last_report_ ? last_report_->exit_code : exit_code_unknown;
    conclude();
    log_end();
}

void ChildRecord::read_reports() {
    while (auto report = receive(receiver_.get())) {
        if (report->kind == static_cast<std::uint8_t>(Report::Kind::ended)) {
            last_report_ = std::move(*report);
        } else {
            rebuilt_ = true;
        }
    }
}

void ChildRecord::conclude() {
    if (rebuilt_ || method_ == StartMethod::fork) {
        if (last_report_ && last_report_->failed)
            exception_ = {last_report_->type, last_report_->message};
        return;
    }
    if (signalled_) return;
    std::string message = "child process " + std::to_string(child_.pid) + " (" + name_ +
                          ") ended " + how_it_ended(*exit_code_) +
                          " before it had rebuilt its arguments: ";
    if (last_report_ && last_report_->failed) {
        message += last_report_->type + ": " + last_report_->message;
    } else {
        message += "it did not get through procession::init(); see what it wrote";
    }
    std::fprintf(stderr, "procession: %s\n", message.c_str());
    exception_ = {"procession::ProcessError", std::move(message)};
}

void ChildRecord::log_end() const {
    base::log(LogLevel::debug, "%s (pid %d) ended %s", name_.c_str(), child_.pid,
              how_it_ended(*exit_code_).c_str());
}

}  // namespace procession::inline v0::detail::process
