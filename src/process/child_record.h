// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/fork_local.h"
#include "os/at_fork.h"
#include "os/child.h"
#include "os/lifeline.h"
#include "process/report.h"
#include "procession/child_exception.h"
#include "procession/current_process.h"
#include "procession/deadline.h"
#include "procession/detail/launch.h"
#include "procession/start_method.h"

namespace procession::inline v0::detail::process {

/// What this process knows of one child: the truth behind a Process object and the table of
/// children.
///
/// Invariants:
///   1. Only the process that made the record collects the child, once, under the lock.
///   2. `child_` and `receiver_` are set by started() and constant from then on in this process.
///   3. In a fork child the handles are closed, and the members refuse.
class ChildRecord final : public os::ForkListener {
  public:
    ChildRecord(std::string name, StartMethod method, const ProcessOptions& options);
    ~ChildRecord() override { stop_listening(); }
    ChildRecord(const ChildRecord&) = delete;
    ChildRecord& operator=(const ChildRecord&) = delete;

    [[nodiscard]] os::Lifeline& make_lifeline();
    /// The child runs. `receiver` is where its reports arrive.
    void started(os::Child child, os::Handle receiver);

    [[nodiscard]] const std::string& name() const noexcept { return name_; }
    [[nodiscard]] bool daemon() const noexcept { return daemon_; }
    [[nodiscard]] bool is_mine() const noexcept {
        return !inherited_ && creator_ == os::current_process_id();
    }
    /// Throws ValueError in any process but the one that started the child.
    void expect_mine(std::string_view operation) const;

    // From here on: after started(), in the creating process.

    [[nodiscard]] int pid() const noexcept { return child_.pid; }
    [[nodiscard]] os::NativeHandle sentinel() const noexcept { return child_.sentinel.get(); }
    [[nodiscard]] std::optional<int> exit_code();
    [[nodiscard]] std::optional<ChildException> exception();
    bool join(Deadline deadline);
    void signal(int number, std::string_view operation);
    /// SIGTERM; when that does not end it before the deadline, SIGKILL. Waits for the end, unless
    /// the system refuses to send either: then false.
    bool end_by_force(Deadline patience) noexcept;

    /// For the table, which holds records that are not started yet.
    [[nodiscard]] bool runs();
    [[nodiscard]] ProcessInfo info() const { return {child_.pid, name_}; }

  private:
    bool try_to_end(int number, Deadline patience) noexcept;
    void after_fork_in_child() noexcept override;
    void collect_if_ended();  // lock held
    void read_reports();      // lock held
    void conclude();          // lock held
    void log_end() const;     // lock held

    const std::string name_;
    const StartMethod method_;
    const bool daemon_;
    const int creator_;
    bool inherited_ =
        false;  // set in a fork child, where the creator's number may be given out again
    std::unique_ptr<os::Lifeline> lifeline_;

    os::Child child_;      // constant after started()
    os::Handle receiver_;  // likewise

    base::ForkSafeMutex lock_;  // for what follows
    bool started_ = false;
    bool signalled_ = false;  // by us: an early end is then no surprise
    bool rebuilt_ = false;
    std::optional<Report> last_report_;
    std::optional<int> exit_code_;
    std::optional<ChildException> exception_;
};

}  // namespace procession::inline v0::detail::process
