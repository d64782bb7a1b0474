// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/forkserver.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <new>

#include "base/logging.h"
#include "os/wait.h"
#include "process/function_text.h"
#include "process/spawned_child.h"
#include "procession/error.h"

namespace procession::inline v0::detail::process {

namespace {

bool is_well_formed(const ForkRequest& request) noexcept {
    return (request.verb == ForkVerb::start || request.verb == ForkVerb::cancel) &&
           request.left <= handles_per_child_max;
}

}  // namespace

void ForkServer::preload(std::string_view place) noexcept {
    try {
        function_from_text(place)();
    } catch (const std::exception& failed) {
        preload_failure_ =
            std::string("the preload function of the forkserver failed: ") + failed.what();
    } catch (...) {
        preload_failure_ = "the preload function of the forkserver failed";
    }
}

void ForkServer::run() {
    blocked_.emplace();
    for (;;) {
        std::vector<os::Watched> ends;
        for (const auto& served : children_) ends.push_back({served.child.sentinel.get()});
        server_.wait(Deadline::never(), ends);
        report_ended_children();
        while (auto message = server_.next()) serve(std::move(*message));
    }
}

void ForkServer::report_ended_children() {
    for (auto each = children_.begin(); each != children_.end();) {
        const auto ending = os::reap(each->child);
        if (!ending) {
            ++each;
            continue;
        }
        if (ending->exit_code) os::send_exit_status(each->status_channel, *ending->exit_code);
        each = children_.erase(each);
    }
}

void ForkServer::serve(helper::HelperServer::Message message) {
    if (message.problem == std::errc::not_enough_memory) throw std::bad_alloc();  // it ends
    // The process that has started us has ended: no process waits for an exit status any more.
    if (message.is_end) os::exit_immediately(0);
    const auto request = message.as<ForkRequest>();
    const bool is_good = request && is_well_formed(*request);
    if (is_good && request->verb == ForkVerb::cancel) return cancel();
    if (!is_good ||
        !handles_.add(std::move(message.handles), request->left, message.lost_handles)) {
        base::log(LogLevel::error, "forkserver: what comes is no request; it ends");
        os::exit_immediately(1);
    }
    if (handles_.are_under_way()) return;
    bool lost_some = false;
    auto handles = handles_.take(lost_some);
    if (lost_some) return refuse(EMFILE, "the forkserver cannot hold its handles");
    if (!preload_failure_.empty()) return refuse(0, preload_failure_);
    if (handles.size() < 2) return refuse(0, "the request of a child lacks its message");
    start(std::move(handles));
}

void ForkServer::start(std::vector<os::Handle> handles) {
    ServedChild served;
    os::Handle message = std::move(handles[0]);
    served.status_channel = std::move(handles[1]);
    handles.erase(handles.begin(), handles.begin() + 2);
    if (const auto problem = os::fork_self(served.child))
        return refuse(problem.value(), "the system refused to fork the forkserver");
    if (served.child.pid == 0) {
        // Keep nothing of the server's: the process that started the server must see its end, and
        // the ends of its other children.
        server_.close_all();
        served.status_channel.reset();
        children_.clear();
        blocked_.reset();
        run_served_child(std::move(message), std::move(handles));
    }
    ForkAnswer good;
    good.pid = served.child.pid;
    children_.push_back(std::move(served));
    answered_with_ = good.pid;
    if (reply(good, &children_.back().child.sentinel)) return;
    cancel();  // no process will know of the child
    refuse(0, "the system cannot pass the child's sentinel on");
}

// If the child has ended and was collected meanwhile, the newest is another one, which was there
// before it: so they never had the same number.
void ForkServer::cancel() noexcept {
    const int pid = std::exchange(answered_with_, 0);
    if (pid == 0 || children_.empty() || children_.back().child.pid != pid) return;
    [[maybe_unused]] const auto it_has_ended =
        os::send_signal(children_.back().child, os::signal_kill);
}

void ForkServer::refuse(std::int32_t problem, std::string_view text) {
    answered_with_ = 0;
    ForkAnswer bad;
    bad.problem = problem;
    text = text.substr(0, bad.text.size() - 1);
    std::ranges::copy(text, bad.text.begin());
    if (reply(bad)) return;
    base::log(LogLevel::error, "forkserver: it cannot answer; it ends");
    os::exit_immediately(1);
}

bool ForkServer::reply(const ForkAnswer& answer, const os::Handle* sentinel) {
    std::vector<os::NativeHandle> handles;
    if (sentinel != nullptr) handles.push_back(sentinel->get());
    const auto problem = helper::send_record({server_.channel_of(client_)},
                                             helper::bytes_of(answer), handles, Deadline::never());
    return !problem || problem.failure == helper::RpcFailure::gone;
}

void run_forkserver(std::string_view descriptor, const char* preload) noexcept {
    helper::run_helper(forkserver_role, "procession-fork", descriptor, [=](os::Handle channel) {
        ForkServer server(std::move(channel));
        const std::string_view marker(preload_marker);
        if (preload != nullptr && std::string_view(preload).starts_with(marker))
            server.preload(std::string_view(preload).substr(marker.size()));
        server.run();
    });
}

}  // namespace procession::inline v0::detail::process
