// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "helper/helper_process.h"

#include <chrono>
#include <mutex>
#include <utility>

#include "os/channel.h"
#include "os/rendezvous.h"
#include "os/signals.h"
#include "os/wait.h"

namespace procession::inline v0::detail::helper {

std::error_code HelperProcess::make_channel() noexcept {
    const std::lock_guard guard(lock_);
    return os::create_channel_pair(channel_, handed_over_);
}

std::error_code HelperProcess::make_rendezvous(const std::string& name) noexcept {
    const std::lock_guard guard(lock_);
    return os::open_rendezvous(name, handed_over_);
}

std::error_code HelperProcess::start(std::vector<std::string> further_arguments) {
    const std::lock_guard one(one_at_a_time_);
    const Discarding closes_what_it_got(*this);
    int pid = 0;
    {
        const std::lock_guard guard(lock_);
        collect_ended();
        started_.reserve(started_.size() + 1);  // so that nothing can fail after the start
        os::Child child;
        const RoleStart start{{handed_over_.get()}, std::move(further_arguments)};
        if (const auto problem = start_in_role(role_, start, child)) return problem;
        pid = child.pid;
        started_by_ = os::current_process_id();
        started_.push_back(std::move(child));
    }
    base::log(LogLevel::debug, "started %s (pid %d)", role_.title, pid);
    return {};
}

void HelperProcess::discard() noexcept {
    const std::lock_guard guard(lock_);
    handed_over_.reset();
}

os::NativeHandle HelperProcess::sentinel() const noexcept {
    return started_.empty() ? os::no_handle : started_.back().sentinel.get();
}

void HelperProcess::hang_up() noexcept {
    const std::lock_guard guard(lock_);
    channel_.reset();
}

bool HelperProcess::has_started_some() noexcept {
    const std::lock_guard guard(lock_);
    return is_mine() && !started_.empty();
}

// The sentinels stay open meanwhile: only a call that is one at a time collects.
bool HelperProcess::wait_for_end(Deadline deadline) noexcept {
    const std::lock_guard one(one_at_a_time_);
    os::NativeHandle waited_for = os::no_handle;
    for (;;) {
        os::NativeHandle next = os::no_handle;
        {
            const std::lock_guard guard(lock_);
            collect_ended();
            if (!is_mine() || started_.empty()) return true;
            next = started_.front().sentinel.get();
        }
        if (next == waited_for) {
            // It has ended, but a debugger that is attached to it has first right to see that. Or
            // the kernel could not tell.
            static_cast<void>(os::wait_readable(os::no_handle, std::chrono::milliseconds(1)));
            if (deadline.expired()) return false;
        }
        if (!os::wait_readable(next, deadline)) return false;
        waited_for = next;
    }
}

void HelperProcess::kill() noexcept {
    const std::lock_guard guard(lock_);
    if (!is_mine()) return;
    for (const auto& each : started_) [[maybe_unused]]
        const auto it_has_ended = os::send_signal(each, os::signal_kill);
}

// Those without a number are the parent's of a fork child.
void HelperProcess::collect_ended() noexcept {
    std::erase_if(started_, [](const os::Child& child) {
        return child.pid == 0 || os::reap(child).has_value();
    });
}

void HelperProcess::after_fork_in_child() noexcept {
    one_at_a_time_.reset_after_fork();
    channel_.reset();
    handed_over_.reset();
    for (auto& each : started_) {
        each.sentinel.reset();
        each.pid = 0;
    }
    LockedAcrossForks::after_fork_in_child();
}

}  // namespace procession::inline v0::detail::helper
