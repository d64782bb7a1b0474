// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Each system call of each operation fails, once and for ever, in each plausible way.

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <set>
#include <vector>

#include "faults/driver.h"

#ifdef PROCESSION_FAULTS

namespace procession::testing {
namespace {

/// The errors that a call may report on a sound system that runs out of something, or is told not
/// to (seccomp, another kernel).
struct Plausible {
    Call call;
    std::vector<int> numbers;
};

const std::vector<Plausible> kPlausible{
    {Call::accept4, {EINTR, EMFILE, ENFILE, ENOMEM}},
    {Call::bind, {EADDRINUSE, EACCES, ENOMEM}},
    {Call::chmod, {EPERM, ENOENT}},
    {Call::close, {EINTR, EIO}},
    {Call::connect, {EINTR, EACCES}},
    {Call::epoll_add, {ENOMEM, ENOSPC}},
    {Call::epoll_create1, {EMFILE, ENFILE, ENOMEM}},
    {Call::eventfd, {EMFILE, ENFILE, ENOMEM}},
    {Call::fallocate, {EINTR, ENOSPC, ENOMEM, EFBIG, EPERM}},
    {Call::fcntl_add_seals, {EPERM, EBUSY}},
    {Call::fcntl_dupfd, {EMFILE, EINVAL}},
    {Call::fcntl_get_lock, {ENOLCK, EINTR}},
    {Call::fcntl_get_seals, {EINVAL, EPERM}},
    {Call::fcntl_getfd, {EPERM}},
    {Call::fcntl_getfl, {EPERM}},
    {Call::fcntl_set_lock, {ENOLCK, EINTR}},
    {Call::fcntl_set_process_lock, {ENOLCK, EINVAL}},
    {Call::fcntl_setfd, {EPERM}},
    {Call::fcntl_setfl, {EPERM, ENOMEM}},
    {Call::fcntl_setown, {EPERM, ESRCH}},
    {Call::fcntl_setsig, {EPERM, EINVAL}},
    {Call::fork, {EAGAIN, ENOMEM}},
    {Call::fstat, {ENOMEM, EOVERFLOW}},
    {Call::fstatfs, {ENOMEM, EINTR}},
    {Call::futex_wait, {EINTR, EAGAIN, ETIMEDOUT, ENOMEM}},
    {Call::futex_wake, {ENOMEM}},
    {Call::getrandom, {EINTR, ENOSYS}},
    {Call::getrlimit, {EPERM}},
    {Call::getsockname, {ENOBUFS}},
    {Call::getsockopt, {ENOBUFS}},
    {Call::kcmp, {ENOSYS, EPERM}},
    {Call::kill, {EPERM}},
    {Call::listen, {EADDRINUSE, ENOBUFS}},
    {Call::lstat, {ENOENT, EACCES}},
    {Call::madvise, {EINVAL, ENOMEM}},
    {Call::membarrier, {ENOSYS, EPERM}},
    {Call::memfd_create, {EMFILE, ENFILE, ENOMEM}},
    {Call::mmap, {ENOMEM, EAGAIN, EPERM}},
    {Call::munmap, {ENOMEM}},
    {Call::open, {EINTR, EMFILE, ENFILE, ENOENT, EACCES}},
    {Call::pidfd_open, {EMFILE, ENFILE, ENOMEM, ENODEV}},
    {Call::pidfd_send_signal, {EPERM, ENOMEM}},
    {Call::pipe2, {EMFILE, ENFILE}},
    {Call::poll, {EINTR, ENOMEM, EINVAL}},
    {Call::posix_spawn, {EAGAIN, ENOMEM, ENOENT, EACCES}},
    {Call::posix_spawn_adddup2, {ENOMEM}},
    {Call::posix_spawn_attributes, {ENOMEM}},
    {Call::posix_spawn_init, {ENOMEM}},
    {Call::ppoll, {EINTR, ENOMEM, EINVAL}},
    {Call::prctl, {EPERM}},
    {Call::read, {EINTR, EIO, kShort}},
    {Call::readlink, {ENOENT, EACCES, ENOMEM}},
    {Call::recv, {EINTR, ENOMEM, EAGAIN}},
    {Call::recvmsg, {EINTR, ENOMEM}},
    {Call::send, {EINTR, EAGAIN, ENOBUFS, EPIPE}},
    {Call::sendmsg, {EINTR, ENOBUFS, ENOMEM}},
    {Call::setrlimit, {EPERM}},
    {Call::setsockopt, {ENOBUFS}},
    {Call::socket, {EMFILE, ENFILE, ENOMEM}},
    {Call::socketpair, {EMFILE, ENFILE, ENOMEM}},
    {Call::sysconf, {EINVAL}},
    {Call::unlink, {EPERM}},
    {Call::waitid, {EINTR}},
    {Call::waitpid, {EINTR}},
    {Call::write, {EINTR, ENOSPC, EIO, ENOMEM, kShort}},
};

/// What an operation calls when nothing fails.
struct Recorded {
    std::array<std::array<unsigned, kCalls>, 2> counts{};
    [[nodiscard]] unsigned of(Whose whose, Call call) const {
        return counts[static_cast<std::size_t>(whose)][static_cast<std::size_t>(call)];
    }
};

std::vector<PlannedFault> with_given(const NamedOperation& operation) {
    if (operation.given) return {*operation.given};
    return {};
}

Recorded record(FaultPlan& plan, const NamedOperation& operation) {
    plan.plan(with_given(operation));
    EXPECT_TRUE(runs_well(plan, {operation, 0, false, "nothing wrong"}));
    Recorded recorded;
    for (const auto whose : {Whose::actors, Whose::childrens}) {
        for (std::size_t i = 0; i < kCalls; ++i) {
            recorded.counts[static_cast<std::size_t>(whose)][i] =
                plan.calls(whose, static_cast<Call>(i));
        }
    }
    return recorded;
}

// Some calls come as often as time allows; the later ones are like the first.
constexpr unsigned kVisitedMax = 40;
constexpr int kFailuresMax = 12;

/// All that can go wrong with one operation.
class Visit {
  public:
    explicit Visit(const NamedOperation& operation) : operation_(operation) {}

    void run() {
        const Recorded recorded = record(plan_, operation_);
        live_ = plan_.noted_live_allocations();
        for (const auto& plausible : kPlausible) {
            for (const auto whose : {Whose::actors, Whose::childrens}) {
                if (whose == Whose::childrens && !operation_.in_children) continue;
                const unsigned count = std::min(recorded.of(whose, plausible.call), kVisitedMax);
                for (unsigned nth = 1; nth <= count; ++nth) visit(plausible, nth, whose);
            }
        }
        std::printf("%s: %zu faults visited: %zu calls x errors, %u not reached\n", operation_.name,
                    fired_, kinds_.size(), missed_);
    }

  private:
    void visit(const Plausible& plausible, unsigned nth, Whose whose) {
        for (const int number : plausible.numbers) {
            // An interrupted call is repeated, so an everlasting interruption would be a hang.
            for (const bool lasting : {false, true}) {
                if (lasting && (number == EINTR || number == kShort)) continue;
                visit({plausible.call, nth, number, lasting, whose});
            }
        }
    }
    void visit(const PlannedFault& fault) {
        if (failures_ >= kFailuresMax || !is_due()) return;
        auto faults = with_given(operation_);
        faults.push_back(fault);
        plan_.plan(faults);
        if (runs_well(plan_, {operation_, fault.number, false, fault.text()})) {
            // The same number of blocks as without a fault, or fewer.
            EXPECT_LE(plan_.noted_live_allocations(), live_)
                << operation_.name << " leaks memory with " << fault.text();
        } else {
            ++failures_;
        }
        if (!plan_.fired()) {
            ++missed_;
            return;
        }
        ++fired_;
        kinds_.emplace(fault.call, fault.number);
    }

    const NamedOperation& operation_;
    FaultPlan plan_;
    long live_ = 0;
    int failures_ = 0;
    unsigned missed_ = 0;
    std::size_t fired_ = 0;
    std::set<std::pair<Call, int>> kinds_;
};

class SystemCalls : public ::testing::TestWithParam<std::size_t> {};

TEST_P(SystemCalls, may_fail_each_time_in_each_way) { Visit(all_operations()[GetParam()]).run(); }

std::string operation_name(const ::testing::TestParamInfo<std::size_t>& info) {
    return all_operations()[info.param].name;
}
INSTANTIATE_TEST_SUITE_P(Of, SystemCalls, ::testing::Range(std::size_t{0}, all_operations().size()),
                         operation_name);

TEST(SystemCallsScore, every_call_that_can_fail_is_made_by_some_operation) {
    FaultPlan plan;
    std::set<Call> made;
    std::size_t visits = 0;  // (operation, call, error)
    for (const auto& operation : all_operations()) {
        const Recorded recorded = record(plan, operation);
        for (const auto& [call, numbers] : kPlausible) {
            const bool is_made =
                recorded.of(Whose::actors, call) + recorded.of(Whose::childrens, call) != 0;
            if (!is_made) continue;
            made.insert(call);
            visits += numbers.size();
        }
    }
    for (std::size_t i = 0; i < kCalls; ++i) {
        const auto call = static_cast<Call>(i);
        EXPECT_EQ(made.count(call), 1U)
            << name_of(call) << ": no operation makes it, or it has no plausible error";
    }
    std::printf("%zu operations, %zu calls, %zu (operation, call, error) to visit\n",
                all_operations().size(), made.size(), visits);
}

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_FAULTS
