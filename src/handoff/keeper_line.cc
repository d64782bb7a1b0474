// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "handoff/keeper_line.h"

#include <array>

#include "helper/helper_process.h"
#include "os/channel.h"
#include "os/would_block.h"
#include "procession/error.h"

namespace procession::handoff {

void Line::say(const Request& request, std::span<const os::NativeHandle> handles) {
    const std::array parts{std::as_bytes(std::span(&request, 1))};
    const Deadline deadline = kPatience;
    for (;;) {
        std::size_t sent = 0;
        const auto problem = os::send_some(channel_.get(), parts, handles, sent);
        if (!problem) return;
        if (!os::is_back_pressure(problem)) fail(problem);
        if (os::wait_to_send(channel_.get(), problem, deadline)) continue;
        if (os::are_too_many_under_way(problem)) fail_too_many();
        fail_silent();
    }
}

bool Line::say_at_once(const Request& request, std::span<const os::NativeHandle> handles) noexcept {
    const std::array parts{std::as_bytes(std::span(&request, 1))};
    std::size_t sent = 0;
    return !os::send_some(channel_.get(), parts, handles, sent);
}

Reply Line::hear(std::vector<os::Handle>& handles, Deadline deadline) {
    for (;;) {
        Reply reply;
        std::size_t got = 0;
        const auto space = std::as_writable_bytes(std::span(&reply, 1));
        const auto problem = os::receive_some(channel_.get(), space, got, handles);
        if (problem && os::is_would_block(problem)) {
            if (!os::wait_readable(channel_.get(), deadline)) fail_silent();
            continue;
        }
        if (problem == std::errc::too_many_files_open) {
            hang_up();  // further handles may follow
            throw OSError(problem, "receive", "handles of an item",
                          "too many files are open; raise the limit (ulimit -n)");
        }
        if (problem || got == 0) fail(problem);
        if (got != sizeof reply || reply.magic != Reply{}.magic) {
            hang_up();
            throw SharingError("ask", "keeper", "it answers what is no answer");
        }
        return reply;
    }
}

void Line::fail_too_many() {
    hang_up();  // a part of them may have been sent
    throw TimeoutError("pass on", "handles of an item", os::too_many_under_way_text);
}

void Line::fail_silent() {
    hang_up();  // an answer may come late, and would be taken for another one's
    throw OSError(std::make_error_code(std::errc::timed_out), "ask", "keeper",
                  "the process that holds the handles of queued items does not answer; is it "
                  "stopped?");
}

void Line::fail(std::error_code problem) {
    hang_up();
    const bool is_gone = !problem || problem == std::errc::broken_pipe ||
                         problem == std::errc::connection_reset ||
                         problem == std::errc::not_connected;
    if (is_gone) throw helper::PeerGone{};
    throw OSError(problem, "talk to", "keeper", "the handles of an item cannot be passed on");
}

}  // namespace procession::handoff
