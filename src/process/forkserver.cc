// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/forkserver.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <exception>
#include <iterator>
#include <utility>

#include "base/logging.h"
#include "os/channel.h"
#include "os/inherited.h"
#include "os/wait.h"
#include "process/function_text.h"
#include "process/program.h"
#include "process/spawned_child.h"
#include "procession/error.h"

namespace procession::process {

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
    // The process that has started us is gone; its children are not our business then.
    if (got == 0 && (!problem || problem == std::errc::connection_reset)) os::exit_at_once(0);
    const bool malformed = got != sizeof request || request.magic != ForkRequest{}.magic ||
                           request.left > handles_per_child_max;
    if (malformed) {
        base::log(LogLevel::error, "forkserver: what comes is no request; it ends");
        os::exit_at_once(1);
    }
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
        // Nothing of the server's: its end must be seen by its parent, and that of its other
        // children by theirs.
        control_.reset();
        mine.status.reset();
        children_.clear();
        run_served_child(std::move(message), std::move(handles));
    }
    ForkAnswer good;
    good.pid = mine.child.pid;
    answer(good, &mine.child.sentinel);
    children_.push_back(std::move(mine));
}

void ForkServer::refuse(std::int32_t problem, std::string_view text) {
    ForkAnswer bad;
    bad.problem = problem;
    text = text.substr(0, bad.text.size() - 1);
    std::ranges::copy(text, bad.text.begin());
    answer(bad);
}

void ForkServer::answer(ForkAnswer answer, const os::Handle* sentinel) {
    const std::array parts{std::as_bytes(std::span(&answer, 1))};
    std::vector<os::NativeHandle> handles;
    if (sentinel != nullptr) handles.push_back(sentinel->get());
    std::size_t sent = 0;
    while (const auto problem = os::send_some(control_.get(), parts, handles, sent)) {
        if (problem != std::errc::operation_would_block) return;  // the next look finds the end
        static_cast<void>(
            os::wait_ready(control_.get(), os::Direction::writing, Deadline::never()));
    }
}

void run_forkserver(std::string_view descriptor, const char* preload) noexcept {
    os::Handle channel = handle_named_by(descriptor);
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
