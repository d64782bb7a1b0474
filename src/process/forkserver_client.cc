// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/forkserver_client.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <mutex>
#include <new>
#include <string>
#include <vector>

#include "base/logging.h"
#include "os/at_fork.h"
#include "os/channel.h"
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

/// The server is gone. `asked`: it may have started a child.
struct Gone {
    bool asked = false;
};

/// What this process knows of its forkserver.
class Server final : public os::ForkListener {
  public:
    // Never destroyed: a Process may be started in the destructor of a static.
    static Server& of_this_process() {
        static auto* const only = new Server;
        return *only;
    }

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

    void after_fork_in_child() noexcept override {
        new (&lock_) std::mutex;
        control_.reset();
        process_.sentinel.reset();
        process_.pid = 0;
    }

  private:
    Server() noexcept { start_listening(); }

    void launch() {
        forget();
        os::Handle its;
        if (const auto problem = os::create_record_channel(control_, its))
            throw ProcessError(problem, "start", "forkserver", "cannot make a channel to it");
        os::SpawnPlan plan;
        plan.arguments = {*program_name(), forkserver_marker + std::to_string(its.get())};
        // relaxed: a lone setting
        if (const auto function = preload.load(std::memory_order_relaxed))
            plan.arguments.push_back(preload_marker + text_of_function(function));
        plan.inherited = {its.get()};
        if (const auto problem = os::spawn_same_program(plan, process_)) {
            control_.reset();
            throw ProcessError(problem, "start", "forkserver",
                               "the system refused to start the program");
        }
        base::log(LogLevel::debug, "started the forkserver (pid %d)", process_.pid);
    }

    // Hangs up, which ends it, and collects it.
    void forget() noexcept {
        control_.reset();
        if (process_.pid == 0) return;
        static_cast<void>(os::wait_readable(process_.sentinel.get(), Deadline::never()));
        static_cast<void>(os::collect(process_));
        process_.sentinel.reset();
        process_.pid = 0;
    }

    os::Child ask(const os::Handle& message, std::span<const os::NativeHandle> handles) {
        os::Handle told;
        os::Handle tells;
        if (const auto problem = os::create_record_channel(told, tells))
            throw ProcessError(problem, "start", "child", "cannot make a channel for its end");
        std::vector<os::NativeHandle> all{message.get(), tells.get()};
        all.insert(all.end(), handles.begin(), handles.end());
        // Before there is a child: afterwards nothing may fail that can be helped.
        std::vector<os::Handle> arrived;
        arrived.reserve(os::handles_per_transfer_max);
        send_request(all);
        tells.reset();
        const ForkAnswer answer = hear(arrived);
        if (answer.pid == 0 || arrived.size() != 1) {
            const std::string text(answer.text.data(),
                                   ::strnlen(answer.text.data(), answer.text.size()));
            throw ProcessError({answer.problem, std::generic_category()}, "start", "child",
                               text.empty() ? "the forkserver started none" : text);
        }
        return {answer.pid, std::move(arrived[0]), std::move(told)};
    }

    void send_request(std::span<const os::NativeHandle> handles) {
        bool asked = false;
        while (!handles.empty()) {
            const auto lot = handles.first(std::min(handles.size(), os::handles_per_transfer_max));
            const ForkRequest request{.left =
                                          static_cast<std::uint32_t>(handles.size() - lot.size())};
            const std::array parts{std::as_bytes(std::span(&request, 1))};
            std::size_t sent = 0;
            const auto problem = os::send_some(control_.get(), parts, lot, sent);
            if (!problem) {
                handles = handles.subspan(lot.size());
                asked = true;
                continue;
            }
            if (problem == std::errc::operation_would_block) {
                static_cast<void>(
                    os::wait_ready(control_.get(), os::Direction::writing, Deadline::never()));
                continue;
            }
            if (problem == std::errc::broken_pipe || problem == std::errc::connection_reset)
                throw Gone{asked};
            control_.reset();  // half a request may have been sent
            throw ProcessError(problem, "start", "child", "cannot pass its handles on");
        }
    }

    ForkAnswer hear(std::vector<os::Handle>& arrived) {
        for (;;) {
            ForkAnswer answer;
            std::size_t got = 0;
            const auto problem = os::receive_some(
                control_.get(), std::as_writable_bytes(std::span(&answer, 1)), got, arrived);
            if (problem == std::errc::operation_would_block) {
                static_cast<void>(os::wait_readable(control_.get(), Deadline::never()));
                continue;
            }
            if (problem == std::errc::too_many_files_open)
                throw ProcessError(problem, "start", "child",
                                   "no descriptor left for its sentinel");
            if (problem && problem != std::errc::connection_reset) {
                control_.reset();  // the answer would be taken for the next one's
                throw ProcessError(problem, "start", "child", "cannot hear of it");
            }
            if (problem || got != sizeof answer || answer.magic != ForkAnswer{}.magic)
                throw Gone{true};
            return answer;
        }
    }

    std::mutex lock_;  // a fork child has its own
    os::Handle control_;
    os::Child process_;
};

[[maybe_unused]] const Server& made_early = Server::of_this_process();

}  // namespace

os::Child start_by_forkserver(const os::Handle& message,
                              std::span<const os::NativeHandle> handles) {
    return Server::of_this_process().start(message, handles);
}

void end_forkserver() noexcept { Server::of_this_process().end(); }

}  // namespace process

void set_forkserver_preload(void (*function)()) noexcept {
    process::preload.store(function, std::memory_order_relaxed);  // relaxed: a lone setting
}

}  // namespace procession
