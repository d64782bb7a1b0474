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
#include "helper/rpc.h"
#include "os/at_fork.h"
#include "os/channel.h"
#include "process/forkserver.h"
#include "process/forkserver_protocol.h"
#include "process/function_text.h"
#include "procession/error.h"
#include "procession/start_method.h"

namespace procession::inline v0 {

namespace detail::process {

namespace {

std::atomic<void (*)()> preload{nullptr};

constexpr std::chrono::nanoseconds no_limit = std::chrono::nanoseconds::max();

/// Where the exit status of one child comes. A fork child closes the sender: its copy would hide
/// that the forkserver has ended.
class StatusChannel final : public os::LockedAcrossForks {
  public:
    StatusChannel() noexcept { start_listening(); }
    ~StatusChannel() override {
        {
            const std::lock_guard guard(lock_);
            sender_.reset();
        }
        stop_listening();
    }
    StatusChannel(const StatusChannel&) = delete;
    StatusChannel& operator=(const StatusChannel&) = delete;

    void open() {
        const std::lock_guard guard(lock_);
        if (const auto problem = os::create_channel_pair(receiver_, sender_)) {
            throw ProcessError(problem, "start", "child",
                               "cannot make a channel for its exit status");
        }
    }
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
class ForkServerProcess final : public os::ForkListener {
  public:
    static ForkServerProcess& of_this_process() {
        return base::ProcessSingleton<ForkServerProcess>::instance();
    }

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
    friend class base::ProcessSingleton<ForkServerProcess>;
    ForkServerProcess() noexcept { start_listening(); }

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

    [[nodiscard]] helper::Peer server() const noexcept {
        return {process_.channel(), process_.sentinel()};
    }

    os::Child ask(const os::Handle& message, std::span<const os::NativeHandle> handles) {
        // Before there is a child: afterwards nothing may fail that can be avoided.
        std::vector<os::Handle> arrived;
        arrived.reserve(os::handles_per_transfer_max);
        os::Handle status;
        {
            StatusChannel channel;
            channel.open();
            std::vector<os::NativeHandle> all{message.get(), channel.sender()};
            all.insert(all.end(), handles.begin(), handles.end());
            send_request(all);
            status = std::move(channel.receiver());
        }
        const ForkAnswer answer = receive_answer(arrived);
        if (answer.pid == 0 || arrived.size() != 1) {
            const std::string text(answer.text.data(),
                                   ::strnlen(answer.text.data(), answer.text.size()));
            throw ProcessError({answer.problem, std::generic_category()}, "start", "child",
                               text.empty() ? "the forkserver started none" : text);
        }
        return {answer.pid, std::move(arrived[0]), std::move(status)};
    }

    void send_request(std::span<const os::NativeHandle> handles) {
        bool sent_some = false;
        const auto problem = helper::send_in_batches(server(), ForkRequest{}, ForkRequest{},
                                                     handles, no_limit, sent_some);
        if (!problem) return;
        if (problem.failure == helper::RpcFailure::gone) throw helper::PeerGone{!sent_some};
        if (sent_some) process_.hang_up();  // half a request is there
        throw ProcessError(problem.error, "start", "child",
                           problem.failure == helper::RpcFailure::too_many_in_flight
                               ? os::too_many_in_flight_text
                               : "cannot pass its handles on");
    }

    ForkAnswer receive_answer(std::vector<os::Handle>& arrived) {
        ForkAnswer answer;
        const auto problem = helper::receive(server(), answer, arrived, Deadline::never());
        switch (problem.failure) {
            case helper::RpcFailure::none: return answer;
            case helper::RpcFailure::lost_handles:
                cancel();
                throw ProcessError(problem.error, "start", "child",
                                   "no descriptor left for its sentinel");
            case helper::RpcFailure::gone:
            case helper::RpcFailure::malformed: throw helper::PeerGone{false};
            default:
                cancel();
                process_.hang_up();  // the answer would be taken for the next one's
                throw ProcessError(problem.error, "start", "child", "cannot receive the answer");
        }
    }

    // There may be a child, and no process could wait for it. If the server has ended, nothing
    // helps.
    void cancel() {
        const ForkRequest request{.verb = ForkVerb::cancel};
        [[maybe_unused]] const auto no_help =
            helper::send_record(server(), helper::bytes_of(request), {}, Deadline::never());
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
    return ForkServerProcess::of_this_process().start(message, handles);
}

void end_forkserver() noexcept { ForkServerProcess::of_this_process().end(); }
void end_forkserver_at_exit() noexcept {
    ForkServerProcess::of_this_process().end_within(std::chrono::milliseconds(1000));
}

}  // namespace detail::process

void set_forkserver_preload(void (*function)()) noexcept {
    detail::process::preload.store(function, std::memory_order_relaxed);  // relaxed: a lone setting
}

}  // namespace procession::inline v0
