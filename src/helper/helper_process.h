// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <system_error>
#include <vector>

#include "base/fork_local.h"
#include "base/logging.h"
#include "helper/program.h"
#include "os/at_fork.h"
#include "os/child.h"
#include "os/handle.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::helper {

/// The helper has ended, whatever was being said to it.
struct PeerGone {
    bool may_ask_again = true;  // false when it may have done what it was asked for
};

/// The helper processes of one role that this process starts, and its channel to the newest one.
///
/// Guarantees:
///   1. A helper gets one handle: its end of a channel to this process, or the rendezvous socket
///      where its clients come. That handle is closed in this process once the helper has it.
///   2. A fork child has started no helper: it closes its copies of all handles in here before
///      anything else runs there. So no copy in a fork child hides the end of this process from a
///      helper, or that of a helper from this process.
///   3. Each helper is collected: by the next start, or by a wait for its end.
///
/// Threads: any; channel() and what waits for it belong to one thread at a time.
/// Fork:    no lock of a caller's ForkListener may be held in a call.
class HelperProcess final : public os::LockedAcrossForks {
  public:
    explicit HelperProcess(const Role& role) noexcept : role_(role) { start_listening(); }
    ~HelperProcess() override { stop_listening(); }
    HelperProcess(const HelperProcess&) = delete;
    HelperProcess& operator=(const HelperProcess&) = delete;

    /// First makes what the helper will get: one end of a channel, whose other end is channel() ...
    [[nodiscard]] std::error_code make_channel() noexcept;
    /// ... or a rendezvous socket of that name.
    [[nodiscard]] std::error_code make_rendezvous(const std::string& name) noexcept;
    /// Then starts the helper. What it gets is closed here, however this ends.
    /// Returns: what the system says.   Throws: std::bad_alloc.
    [[nodiscard]] std::error_code start(std::vector<std::string> further_arguments = {});
    /// Instead of start(), when it will not come to that.
    void discard() noexcept;

    /// no_handle while there is none.
    [[nodiscard]] os::NativeHandle channel() const noexcept { return channel_.get(); }
    /// Of the newest helper; no_handle when there is none.
    [[nodiscard]] os::NativeHandle sentinel() const noexcept;
    /// Closes the channel, which ends a helper that serves this process alone.
    void hang_up() noexcept;

    /// Whether this very process has started a helper that is not collected.
    [[nodiscard]] bool has_started_some() noexcept;
    /// Waits for the end of all that this process has started, and collects them.
    /// Returns: false when the deadline passed first.
    bool wait_for_end(Deadline deadline) noexcept;
    void kill() noexcept;

  private:
    /// However the call ends, the handle that was to be handed over is closed.
    class Discarding {
      public:
        explicit Discarding(HelperProcess& process) noexcept : process_(process) {}
        ~Discarding() { process_.discard(); }
        Discarding(const Discarding&) = delete;
        Discarding& operator=(const Discarding&) = delete;

      private:
        HelperProcess& process_;
    };

    void collect_ended() noexcept;  // lock held
    [[nodiscard]] bool is_mine() const noexcept { return started_by_ == os::current_process_id(); }
    void after_fork_in_child() noexcept override;

    const Role role_;
    base::ForkSafeMutex one_at_a_time_;  // starts and waits, which may take long
    // Under lock_, which is held across forks and therefore never for long:
    os::Handle channel_;
    os::Handle handed_over_;
    std::vector<os::Child> started_;
    int started_by_ = 0;  // another process than this one: it has forked without at-fork handlers
};

/// Calls use(), and once more when it throws a PeerGone that allows it: the helper may have been
/// killed since it was used last, and use() starts another one.
template <class Use>
auto use_twice(const Role& role, Use use) {
    try {
        return use();
    } catch (const PeerGone& gone) {
        if (!gone.may_ask_again) throw;
    }
    base::log(LogLevel::warning, "%s has ended; a new one is started", role.title);
    return use();
}

}  // namespace procession::inline v0::detail::helper
