// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/forkserver.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <iterator>
#include <utility>

#include "base/logging.h"
#include "os/channel.h"
#include "os/inherited.h"
#include "os/wait.h"
#include "process/function_text.h"
#include "process/spawned_child.h"
#include "procession/error.h"

namespace procession::process {

namespace {

constexpr std::chrono::seconds kPatience{10};  // with other processes whose handles are under way

bool is_well_formed(const ForkRequest& request) noexcept {
    return request.magic == ForkRequest{}.magic &&
           (request.wish == ForkWish::start || request.wish == ForkWish::take_back) &&
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
        std::vector<os::Watched> watched{{control_.get()}};
        for (const auto& mine : children_) watched.push_back({mine.child.sentinel.get()});
        static_cast<void>(os::wait_any(watched, Deadline::never()));
        tell_who_has_ended();
        if (watched[0].ready) serve();
    }
}

void ForkServer::tell_who_has_ended() {
    for (auto each = children_.begin(); each != children_.end();) {
        const auto ending = os::collect(each->child);
        if (!ending) {
            ++each;
            continue;
        }
        if (ending->exit_code) os::tell_ending(each->status, *ending->exit_code);
        each = children_.erase(each);
    }
}

void ForkServer::serve() {
    ForkRequest request;
    std::size_t got = 0;
    const auto problem = os::receive_some(
        control_.get(), std::as_writable_bytes(std::span(&request, 1)), got, arriving_);
    if (problem == std::errc::operation_would_block) return;
    if (problem == std::errc::not_enough_memory) throw std::bad_alloc();  // it ends
    // The process that has started us is gone; its children are not our business then.
    if (got == 0 && (!problem || problem == std::errc::connection_reset)) os::exit_at_once(0);
    if (got != sizeof request || !is_well_formed(request)) {
        base::log(LogLevel::error, "forkserver: what comes is no request; it ends");
        os::exit_at_once(1);
    }
    if (request.wish == ForkWish::take_back) return take_back();
    if (problem) lost_some_ = true;
    if (request.left != 0) return;
    auto handles = std::exchange(arriving_, {});
    if (std::exchange(lost_some_, false))
        return refuse(EMFILE, "the forkserver cannot hold its handles");
    if (!preload_failure_.empty()) return refuse(0, preload_failure_);
    if (handles.size() < 2) return refuse(0, "the request of a child lacks its message");
    start(std::move(handles));
}

void ForkServer::start(std::vector<os::Handle> handles) {
    Mine mine;
    os::Handle message = std::move(handles[0]);
    mine.status = std::move(handles[1]);
    handles.erase(handles.begin(), handles.begin() + 2);
    if (const auto problem = os::fork_self(mine.child))
        return refuse(problem.value(), "the system refused to fork the forkserver");
    if (mine.child.pid == 0) {
        // Keep nothing of the server's: the process that started the server must see its end, and
        // the ends of its other children.
        control_.reset();
        mine.status.reset();
        children_.clear();
        blocked_.reset();
        run_served_child(std::move(message), std::move(handles));
    }
    ForkAnswer good;
    good.pid = mine.child.pid;
    children_.push_back(std::move(mine));
    answered_with_ = good.pid;
    if (answer(good, &children_.back().child.sentinel)) return;
    // No process will know of the child.
    take_back();
    refuse(0, "the system cannot pass the child's sentinel on");
}

// If it has ended and was collected meanwhile, the newest is another one, which was there before
// it: so they never had the same number.
void ForkServer::take_back() noexcept {
    const int pid = std::exchange(answered_with_, 0);
    if (pid == 0 || children_.empty() || children_.back().child.pid != pid) return;
    [[maybe_unused]] const auto nobody_to_tell =
        os::send_signal(children_.back().child, os::signal_kill);
}

void ForkServer::refuse(std::int32_t problem, std::string_view text) {
    answered_with_ = 0;
    ForkAnswer bad;
    bad.problem = problem;
    text = text.substr(0, bad.text.size() - 1);
    std::ranges::copy(text, bad.text.begin());
    if (answer(bad)) return;
    base::log(LogLevel::error, "forkserver: it cannot answer; it ends");
    os::exit_at_once(1);
}

// Returns: false when the system cannot send it. The next look finds out that the other process has
// gone.
bool ForkServer::answer(const ForkAnswer& answer, const os::Handle* sentinel) {
    const std::array parts{std::as_bytes(std::span(&answer, 1))};
    std::vector<os::NativeHandle> handles;
    if (sentinel != nullptr) handles.push_back(sentinel->get());
    std::size_t sent = 0;
    const Deadline deadline = kPatience;
    while (const auto problem = os::send_some(control_.get(), parts, handles, sent)) {
        if (!os::is_back_pressure(problem))
            return problem == std::errc::broken_pipe || problem == std::errc::connection_reset;
        const bool ends = os::are_too_many_under_way(problem);
        if (!os::wait_to_send(control_.get(), problem, ends ? deadline : Deadline::never()))
            return false;
    }
    return true;
}

void run_forkserver(std::string_view descriptor, const char* preload) noexcept {
    os::Handle channel = helper::handle_named_by(descriptor);
    if (!channel.valid()) os::exit_at_once(127);
    try {
        os::name_this_process("procession-fork");
        os::close_on_exec(channel.get());
        ForkServer server(std::move(channel));
        const std::string_view marker(preload_marker);
        if (preload != nullptr && std::string_view(preload).starts_with(marker))
            server.preload(std::string_view(preload).substr(marker.size()));
        server.run();
    } catch (const std::exception& failed) {
        base::log(LogLevel::error, "the forkserver ends: %s", failed.what());
        os::exit_at_once(1);
    }
}

}  // namespace procession::process
