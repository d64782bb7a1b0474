// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crash/creator_death.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "procession/procession.h"
#include "queue/shared_queue.h"

namespace procession::testing {

using namespace detail;

namespace {

namespace fs = std::filesystem;

/// The memory of the queue in another process, opened once more.
os::Handle memory_of(pid_t pid) {
    const fs::path folder = "/proc/" + std::to_string(pid) + "/fd";
    for (const auto& entry : fs::directory_iterator(folder)) {
        std::error_code gone;
        const std::string target = fs::read_symlink(entry.path(), gone).string();
        if (target.rfind("/memfd:procession", 0) == 0) {
            return os::Handle(::open(entry.path().c_str(), O_RDWR | O_CLOEXEC));
        }
    }
    return {};
}

std::string use(os::Handle memory, bool is_whole) {
    try {
        const auto queue = queue::SharedQueue::attach(std::move(memory));
        const std::array<std::byte, 4> item{std::byte{1}};
        Message message;
        const bool works =
            queue->producer().put({Format::raw, item}, Deadline::now()) == queue::Outcome::done &&
            queue->consumer().get(message, Deadline::now()) == queue::Outcome::done &&
            message.bytes().size() == item.size();
        if (!works) return "what is put does not come out";
        queue->leases().finish(message.ticket());
        queue->notice_deaths();
        return queue->stats().participants == 1 ? "" : "the creator is still there";
    } catch (const CorruptSegment& refused) {
        return is_whole ? refused.what() : "";
    }
}

}  // namespace

std::string try_what_a_creator_left(unsigned n, StepTrace& trace) {
    const pid_t pid = ::fork();
    if (pid == 0) {
        trace_steps_into(&trace);
        stop_at_step(n);
        { const JoinableQueue<std::string> queue; }
        ::_exit(0);
    }
    int status = 0;
    while (::waitpid(pid, &status, WUNTRACED) < 0) {}
    if (!WIFSTOPPED(status)) return {};
    os::Handle memory = memory_of(pid);
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0) {}
    if (!memory.valid()) return {};  // closed again
    // From the last step on the queue is whole.
    const std::string at = trace.last;
    const bool is_beginning = at.rfind("segment.", 0) == 0 || at.rfind("create.", 0) == 0 ||
                              at.rfind("join.", 0) == 0 || at.rfind("log.begin.", 0) == 0 ||
                              at.rfind("lock.", 0) == 0 || at.rfind("pool.", 0) == 0 ||
                              at.rfind("memory.", 0) == 0;
    return use(std::move(memory), !is_beginning || at == "log.begin.marked");
}

}  // namespace procession::testing
