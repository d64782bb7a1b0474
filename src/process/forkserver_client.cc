// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/forkserver_client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <mutex>
#include <string>
#include <vector>

#include "base/fork_local.h"
#include "base/logging.h"
#include "base/process_singleton.h"
#include "os/at_fork.h"
#include "os/channel.h"
#include "os/signals.h"
#include "os/wait.h"
#include "process/forkserver.h"
#include "process/forkserver_protocol.h"
#include "process/function_text.h"
#include "process/program.h"
#include "procession/error.h"
#include "procession/start_method.h"

namespace procession {

namespace process {

namespace {

std::atomic<void (*)()> preload{nullptr};

constexpr std::chrono::seconds kPatience{10};  // with other processes whose handles are under way

/// The server is gone. `asked`: it may have started a child.
struct Gone {
    bool asked = false;
};

/// What this process knows of its forkserver.
class Server final : public os::ForkListener {
  public:
    static Server& of_this_process() { return base::ProcessSingleton<Server>::instance(); }

    os::Child start(const os::Handle& message, std::span<const os::NativeHandle> handles) {
        const std::lock_guard guard(lock_);
        for (;;) {
            const bool was_there = control_.valid();
            if (!was_there) launch();
            try {
                return ask(message, handles);
            } catch (const Gone& gone) {
                forget();
                // It may have been killed since it was used last.
                if (was_there && !gone.asked) {
                    base::log(LogLevel::warning,
                              "the forkserver has ended; another one is started");
                    continue;
                }
                throw ProcessError({}, "start", "forkserver",
                                   "the forkserver ended while it was to start a child (was it "
                                   "killed?); the next start makes another one");
            }
        }
    }

    void end() noexcept {
        const std::lock_guard guard(lock_);
        forget();
    }

    void end_within(std::chrono::milliseconds patience) noexcept {
        // Another thread may be in the middle of a start, and is not waited for.
        if (!lock_.try_lock()) return;
        const std::lock_guard guard(lock_, std::adopt_lock);
        if (process_.pid == 0 || launched_by_ != os::current_process_id()) return;
        control_.reset();
        if (!os::wait_readable(process_.sentinel.get(), patience)) {
            // It is stopped, or in its preload function.
            if (os::send_signal(process_, os::signal_kill)) return;
            if (!os::wait_readable(process_.sentinel.get(), patience)) return;
        }
        forget();
    }

    void before_fork() noexcept override { handles_lock_.lock(); }
    void after_fork_in_parent() noexcept override { handles_lock_.unlock(); }
    void after_fork_in_child() noexcept override {
        lock_.reset_after_fork();
        handles_lock_.unlock();
        control_.reset();
        its_.reset();
        tells_.reset();
        process_.sentinel.reset();
        process_.pid = 0;
    }

  private:
    /// However it ends.
    class Closing {
      public:
        Closing(os::Handle& closed, std::mutex& lock) noexcept : closed_(closed), lock_(lock) {}
        ~Closing() {
            const std::lock_guard guard(lock_);
            closed_.reset();
        }
        Closing(const Closing&) = delete;
        Closing& operator=(const Closing&) = delete;

      private:
        os::Handle& closed_;
        std::mutex& lock_;
    };

    friend class base::ProcessSingleton<Server>;
    Server() noexcept { start_listening(); }

    void launch() {
        forget();
        os::SpawnPlan plan;
        plan.arguments = {*program_name(), ""};
        // relaxed: a lone setting
        if (const auto function = preload.load(std::memory_order_relaxed))
            plan.arguments.push_back(preload_marker + text_of_function(function));
        launch(plan);
        base::log(LogLevel::debug, "started the forkserver (pid %d)", process_.pid);
    }
    void launch(os::SpawnPlan& plan) {
        const Closing closing(its_, handles_lock_);
        const std::lock_guard guard(handles_lock_);
        os::Handle ours;
        if (const auto problem = os::create_channel_pair(ours, its_))
            throw ProcessError(problem, "start", "forkserver", "cannot make a channel to it");
        plan.arguments[1] = forkserver_marker + os::text_of(its_.get());
        plan.inherited = {its_.get()};
        if (const auto problem = os::spawn_same_program(plan, process_))
            throw ProcessError(problem, "start", "forkserver",
                               "the system refused to start the program");
        launched_by_ = os::current_process_id();
        control_ = std::move(ours);
    }

    // Hangs up, which ends it, and collects it.
    void forget(Deadline deadline = Deadline::never()) noexcept {
        control_.reset();
        if (process_.pid == 0) return;
        static_cast<void>(os::wait_readable(process_.sentinel.get(), deadline));
        static_cast<void>(os::reap(process_));
        process_.sentinel.reset();
        process_.pid = 0;
    }

    os::Child ask(const os::Handle& message, std::span<const os::NativeHandle> handles) {
        // Before there is a child: afterwards nothing may fail that can be avoided.
        std::vector<os::Handle> arrived;
        arrived.reserve(os::handles_per_transfer_max);
        os::Handle told;
        {
            const Closing closing(tells_, handles_lock_);
            told = make_status_channel();
            std::vector<os::NativeHandle> all{message.get(), tells_.get()};
            all.insert(all.end(), handles.begin(), handles.end());
            send_request(all);
        }
        const ForkAnswer answer = hear(arrived);
        if (answer.pid == 0 || arrived.size() != 1) {
            const std::string text(answer.text.data(),
                                   ::strnlen(answer.text.data(), answer.text.size()));
            throw ProcessError({answer.problem, std::generic_category()}, "start", "child",
                               text.empty() ? "the forkserver started none" : text);
        }
        return {answer.pid, std::move(arrived[0]), std::move(told)};
    }

    os::Handle make_status_channel() {
        const std::lock_guard guard(handles_lock_);
        os::Handle told;
        if (const auto problem = os::create_channel_pair(told, tells_))
            throw ProcessError(problem, "start", "child", "cannot make a channel for its end");
        return told;
    }

    void send_request(std::span<const os::NativeHandle> handles) {
        bool asked = false;
        while (!handles.empty()) {
            const auto lot = handles.first(std::min(handles.size(), os::handles_per_transfer_max));
            const ForkRequest request{.left =
                                          static_cast<std::uint32_t>(handles.size() - lot.size())};
            if (const auto problem = send(request, lot)) {
                if (problem == std::errc::broken_pipe || problem == std::errc::connection_reset)
                    throw Gone{asked};
                if (asked) control_.reset();  // half a request is there
                throw ProcessError(problem, "start", "child",
                                   os::are_too_many_in_flight(problem)
                                       ? os::too_many_in_flight_text
                                       : "cannot pass its handles on");
            }
            handles = handles.subspan(lot.size());
            asked = true;
        }
    }

    std::error_code send(const ForkRequest& request, std::span<const os::NativeHandle> handles) {
        const std::array parts{std::as_bytes(std::span(&request, 1))};
        std::size_t sent = 0;
        const Deadline deadline = kPatience;
        for (;;) {
            const auto problem = os::send_some(control_.get(), parts, handles, sent);
            if (!os::is_back_pressure(problem)) return problem;
            if (!os::are_too_many_in_flight(problem)) {
                wait_for_it(os::Direction::writing);
            } else if (!os::wait_to_send(control_.get(), problem, deadline)) {
                return problem;
            }
        }
    }

    ForkAnswer hear(std::vector<os::Handle>& arrived) {
        for (;;) {
            ForkAnswer answer;
            std::size_t got = 0;
            const auto problem = os::receive_some(
                control_.get(), std::as_writable_bytes(std::span(&answer, 1)), got, arrived);
            if (problem == std::errc::operation_would_block) {
                wait_for_it(os::Direction::reading);
                continue;
            }
            if (problem == std::errc::too_many_files_open) {
                take_back();
                throw ProcessError(problem, "start", "child",
                                   "no descriptor left for its sentinel");
            }
            if (problem && problem != std::errc::connection_reset) {
                take_back();
                control_.reset();  // the answer would be taken for the next one's
                throw ProcessError(problem, "start", "child", "cannot hear of it");
            }
            if (problem || got != sizeof answer || answer.magic != ForkAnswer{}.magic)
                throw Gone{true};
            return answer;
        }
    }

    // There may be a child, and no process could wait for it. If the server has gone, nothing
    // helps.
    void take_back() {
        [[maybe_unused]] const auto no_help = send({.wish = ForkWish::take_back}, {});
    }

    // Until the channel is ready. A copy of the server's end in another process (the program's own
    // fork or spawn at the wrong moment) can hide that the server has ended: its sentinel tells.
    void wait_for_it(os::Direction direction) {
        std::array<os::Watched, 2> watched{
            {{control_.get(), direction}, {process_.sentinel.get()}}};
        static_cast<void>(os::wait_any(watched, Deadline::never()));
        if (watched[1].ready && !watched[0].ready) throw Gone{true};
    }

    // A fork child has its own locks, and closes its copies of the handles.
    base::ForkSafeMutex lock_;
    os::Handle control_;
    os::Child process_;
    int launched_by_ = 0;  // another process than this one: it has forked without at-fork handlers
    // Held while handles are made or closed that only the server may have; never for long, so that
    // a fork can wait for it.
    std::mutex handles_lock_;
    os::Handle its_;    // the server's end of `control_`, until it runs
    os::Handle tells_;  // where the child's end is to be told, until the server has it
};

// After the exit handlers and the destructors of statics, which may start children and wait for
// them. Without it the server would end a moment after this process, and the process that adopts
// orphans would have to collect it: the first process of a container often does not.
[[gnu::destructor]] void collect_at_exit() { end_forkserver_at_exit(); }

}  // namespace

os::Child start_by_forkserver(const os::Handle& message,
                              std::span<const os::NativeHandle> handles) {
    return Server::of_this_process().start(message, handles);
}

void end_forkserver() noexcept { Server::of_this_process().end(); }
void end_forkserver_at_exit() noexcept {
    Server::of_this_process().end_within(std::chrono::milliseconds(1000));
}

}  // namespace process

void set_forkserver_preload(void (*function)()) noexcept {
    process::preload.store(function, std::memory_order_relaxed);  // relaxed: a lone setting
}

}  // namespace procession
