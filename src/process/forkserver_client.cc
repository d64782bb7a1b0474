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
#include "base/process_singleton.h"
#include "helper/helper_process.h"
#include "os/at_fork.h"
#include "os/channel.h"
#include "os/wait.h"
#include "process/forkserver.h"
#include "process/forkserver_protocol.h"
#include "process/function_text.h"
#include "procession/error.h"
#include "procession/start_method.h"

namespace procession {

namespace process {

namespace {

std::atomic<void (*)()> preload{nullptr};

constexpr std::chrono::seconds kPatience{10};  // with other processes whose handles are under way

/// Where the end of one child is to be told. A fork child closes the sender: it would hide that the
/// forkserver has ended.
class StatusChannel final : public os::LockedAcrossForks {
  public:
    StatusChannel() {
        start_listening();
        const std::lock_guard guard(lock_);
        if (const auto problem = os::create_record_channel(receiver_, sender_))
            throw ProcessError(problem, "start", "child", "cannot make a channel for its end");
    }
    ~StatusChannel() override {
        {
            const std::lock_guard guard(lock_);
            sender_.reset();
        }
        stop_listening();
    }
    StatusChannel(const StatusChannel&) = delete;
    StatusChannel& operator=(const StatusChannel&) = delete;

    [[nodiscard]] os::NativeHandle sender() const noexcept { return sender_.get(); }
    [[nodiscard]] os::Handle& receiver() noexcept { return receiver_; }

  private:
    void after_fork_in_child() noexcept override {
        sender_.reset();
        LockedAcrossForks::after_fork_in_child();
    }

    os::Handle receiver_;
    os::Handle sender_;
};

/// What this process knows of its forkserver.
class Server final : public os::ForkListener {
  public:
    static Server& of_this_process() { return base::ProcessSingleton<Server>::instance(); }

    os::Child start(const os::Handle& message, std::span<const os::NativeHandle> handles) try {
        const std::lock_guard guard(lock_);
        return helper::use_twice(forkserver_role, [&] {
            const bool was_there = process_.channel() != os::no_handle;
            if (!was_there) launch();
            try {
                return ask(message, handles);
            } catch (const helper::PeerGone& gone) {
                forget();
                throw helper::PeerGone{was_there && gone.may_ask_again};
            }
        });
    } catch (const helper::PeerGone&) {
        throw ProcessError({}, "start", "forkserver",
                           "the forkserver ended while it was to start a child (was it killed?); "
                           "the next start makes another one");
    }

    void end() noexcept {
        const std::lock_guard guard(lock_);
        forget();
    }

    void end_within(std::chrono::milliseconds patience) noexcept {
        // Another thread may be in the middle of a start, and is not waited for.
        if (!lock_.try_lock()) return;
        const std::lock_guard guard(lock_, std::adopt_lock);
        if (!process_.has_started_some()) return;
        process_.hang_up();
        if (process_.wait_for_end(patience)) return;
        process_.kill();  // it is stopped, or in its preload function
        process_.wait_for_end(patience);
    }

    void after_fork_in_child() noexcept override { lock_.reset_after_fork(); }

  private:
    friend class base::ProcessSingleton<Server>;
    Server() noexcept { start_listening(); }

    void launch() {
        forget();
        std::vector<std::string> further;
        // relaxed: a lone setting
        if (const auto function = preload.load(std::memory_order_relaxed))
            further.push_back(preload_marker + text_of_function(function));
        if (const auto problem = process_.make_channel())
            throw ProcessError(problem, "start", "forkserver", "cannot make a channel to it");
        if (const auto problem = process_.start(std::move(further))) {
            process_.hang_up();
            throw ProcessError(problem, "start", "forkserver",
                               "the system refused to start the program");
        }
    }

    // Hangs up, which ends it, and collects it.
    void forget() noexcept {
        process_.hang_up();
        process_.wait_for_end(Deadline::never());
    }

    os::Child ask(const os::Handle& message, std::span<const os::NativeHandle> handles) {
        // Before there is a child: afterwards nothing may fail that can be avoided.
        std::vector<os::Handle> arrived;
        arrived.reserve(os::handles_per_transfer_max);
        os::Handle told;
        {
            StatusChannel status;
            std::vector<os::NativeHandle> all{message.get(), status.sender()};
            all.insert(all.end(), handles.begin(), handles.end());
            send_request(all);
            told = std::move(status.receiver());
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

    void send_request(std::span<const os::NativeHandle> handles) {
        bool asked = false;
        while (!handles.empty()) {
            const auto lot = handles.first(std::min(handles.size(), os::handles_per_transfer_max));
            const ForkRequest request{.left =
                                          static_cast<std::uint32_t>(handles.size() - lot.size())};
            if (const auto problem = send(request, lot)) {
                if (problem == std::errc::broken_pipe || problem == std::errc::connection_reset)
                    throw helper::PeerGone{!asked};
                if (asked) process_.hang_up();  // half a request is there
                throw ProcessError(problem, "start", "child",
                                   os::are_too_many_under_way(problem)
                                       ? os::too_many_under_way_text
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
            const auto problem = os::send_some(process_.channel(), parts, handles, sent);
            if (!os::is_back_pressure(problem)) return problem;
            if (!os::are_too_many_under_way(problem)) {
                wait_for_it(os::Direction::writing);
            } else if (!os::wait_to_send(process_.channel(), problem, deadline)) {
                return problem;
            }
        }
    }

    ForkAnswer hear(std::vector<os::Handle>& arrived) {
        for (;;) {
            ForkAnswer answer;
            std::size_t got = 0;
            const auto problem = os::receive_some(
                process_.channel(), std::as_writable_bytes(std::span(&answer, 1)), got, arrived);
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
                process_.hang_up();  // the answer would be taken for the next one's
                throw ProcessError(problem, "start", "child", "cannot hear of it");
            }
            if (problem || got != sizeof answer || answer.magic != ForkAnswer{}.magic)
                throw helper::PeerGone{false};
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
            {{process_.channel(), direction}, {process_.sentinel()}}};
        static_cast<void>(os::wait_any(watched, Deadline::never()));
        if (watched[1].ready && !watched[0].ready) throw helper::PeerGone{false};
    }

    base::ForkSafeMutex lock_;
    helper::HelperProcess process_{forkserver_role};
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
