// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "faults/fault_plan.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

namespace procession::testing {

using namespace detail;

namespace {

constexpr std::size_t kFaultsMax = 4;
constexpr const char* kVariable = "PROCESSION_TEST_FAULTS";

using Counters = std::array<std::atomic<unsigned>, kCalls>;

/// In memory of its own, which all processes of one case share.
struct Shared {
    std::atomic<bool> armed;
    std::atomic<bool> fired;
    std::atomic<pid_t> actor;
    std::atomic<unsigned> planned;
    std::array<PlannedFault, kFaultsMax> faults;
    PlannedShortage shortage;
    std::array<Counters, 2> seen;
    std::array<std::atomic<unsigned>, 2> allocations;
    std::atomic<long> live_allocations;
};

// Of this process.
Shared* shared = nullptr;
bool was_spawned = false;
std::atomic<pid_t> counting{0};
Counters counts;
std::atomic<unsigned> allocations{0};

void raise_to(std::atomic<unsigned>& most, unsigned n) noexcept {
    for (unsigned seen = most.load(); seen < n && !most.compare_exchange_weak(seen, n);) {}
}

// A fork child counts from the beginning.
bool begins_to_count() noexcept {
    const pid_t self = ::getpid();
    if (counting.load() == self) return false;
    for (auto& each : counts) each.store(0);
    allocations.store(0);
    counting.store(self);
    return true;
}

Whose whose_now() noexcept {
    return ::getpid() == shared->actor.load() ? Whose::actors : Whose::childrens;
}

// Async-signal-safe: it runs in fork children.
int decide(Call call) noexcept {
    if (!shared->armed.load()) return 0;
    begins_to_count();
    const auto kind = static_cast<std::size_t>(call);
    const unsigned n = counts[kind].fetch_add(1) + 1;
    const Whose whose = whose_now();
    raise_to(shared->seen[static_cast<std::size_t>(whose)][kind], n);
    for (unsigned i = 0; i < shared->planned.load(); ++i) {
        const PlannedFault& each = shared->faults[i];
        const bool hit = each.call == call && each.whose == whose &&
                         (n == each.nth || (each.lasting && n > each.nth));
        if (!hit) continue;
        if (i + 1 == shared->planned.load()) shared->fired.store(true);
        return each.number;
    }
    return 0;
}

void use(int memory) {
    void* base = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    if (base == MAP_FAILED) throw std::bad_alloc();
    shared = static_cast<Shared*>(base);
#ifdef PROCESSION_FAULTS
    os::calls::fault_hook.store(decide);
#endif
}

// In a spawned child, before main.
[[maybe_unused]] const bool joined = [] {
    const char* memory = std::getenv(kVariable);
    if (memory == nullptr) return false;
    was_spawned = true;
    use(std::atoi(memory));
    return true;
}();

}  // namespace

FaultPlan::FaultPlan() : memory_(::memfd_create("faults", 0)) {
    // Not closed on exec: spawned children find it under its number.
    if (!memory_.valid() || ::ftruncate(memory_.get(), sizeof(Shared)) != 0) {
        throw std::runtime_error("no memory for a plan of faults");
    }
    use(memory_.get());
    ::setenv(kVariable, std::to_string(memory_.get()).c_str(), 1);
}

FaultPlan::~FaultPlan() {
#ifdef PROCESSION_FAULTS
    os::calls::fault_hook.store(nullptr);
#endif
    ::unsetenv(kVariable);
    ::munmap(shared, sizeof(Shared));
    shared = nullptr;
}

void FaultPlan::plan(std::span<const PlannedFault> faults) {
    std::memset(static_cast<void*>(shared), 0, sizeof(Shared));
    if (faults.size() > kFaultsMax) throw std::length_error("too many faults in one plan");
    std::copy(faults.begin(), faults.end(), shared->faults.begin());
    shared->planned.store(static_cast<unsigned>(faults.size()));
}

void FaultPlan::plan(const PlannedShortage& shortage) {
    plan(std::span<const PlannedFault>());
    shared->shortage = shortage;
}

void FaultPlan::arm() noexcept {
    counting.store(0);
    begins_to_count();
    shared->actor.store(::getpid());
    shared->armed.store(true);
}
void FaultPlan::disarm() noexcept { shared->armed.store(false); }

unsigned FaultPlan::calls(Whose whose, Call call) const noexcept {
    return shared->seen[static_cast<std::size_t>(whose)][static_cast<std::size_t>(call)].load();
}
unsigned FaultPlan::allocations(Whose whose) const noexcept {
    return shared->allocations[static_cast<std::size_t>(whose)].load();
}
bool FaultPlan::fired() const noexcept { return shared->fired.load(); }
void FaultPlan::note_live_allocations(long more) noexcept { shared->live_allocations.store(more); }
long FaultPlan::noted_live_allocations() const noexcept { return shared->live_allocations.load(); }

bool allocation_fails() noexcept {
    if (shared == nullptr || !shared->armed.load()) return false;
    // What a spawned child allocates before it has arrived is not the library's.
    if (was_spawned && counting.load() != ::getpid()) return false;
    begins_to_count();
    const unsigned n = allocations.fetch_add(1) + 1;
    const Whose whose = whose_now();
    raise_to(shared->allocations[static_cast<std::size_t>(whose)], n);
    const PlannedShortage& plan = shared->shortage;
    const bool hit =
        plan.nth != 0 && plan.whose == whose && (n == plan.nth || (plan.lasting && n > plan.nth));
    if (hit) shared->fired.store(true);
    return hit;
}

const char* name_of(Call call) noexcept {
    static constexpr std::array<const char*, kCalls> names{"accept4",
                                                           "bind",
                                                           "chmod",
                                                           "close",
                                                           "connect",
                                                           "epoll_ctl(EPOLL_CTL_ADD)",
                                                           "epoll_create1",
                                                           "eventfd",
                                                           "fallocate",
                                                           "fcntl(F_ADD_SEALS)",
                                                           "fcntl(F_DUPFD_CLOEXEC)",
                                                           "fcntl(F_OFD_GETLK)",
                                                           "fcntl(F_GET_SEALS)",
                                                           "fcntl(F_GETFD)",
                                                           "fcntl(F_GETFL)",
                                                           "fcntl(F_OFD_SETLK)",
                                                           "fcntl(F_SETLK)",
                                                           "fcntl(F_SETFD)",
                                                           "fcntl(F_SETFL)",
                                                           "fcntl(F_SETOWN)",
                                                           "fcntl(F_SETSIG)",
                                                           "fork",
                                                           "fstat",
                                                           "fstatfs",
                                                           "futex(FUTEX_WAIT)",
                                                           "futex(FUTEX_WAKE)",
                                                           "getrandom",
                                                           "getrlimit",
                                                           "getsockname",
                                                           "getsockopt",
                                                           "kcmp",
                                                           "kill",
                                                           "listen",
                                                           "lstat",
                                                           "madvise",
                                                           "membarrier",
                                                           "memfd_create",
                                                           "mmap",
                                                           "munmap",
                                                           "open",
                                                           "pidfd_open",
                                                           "pidfd_send_signal",
                                                           "pipe2",
                                                           "poll",
                                                           "posix_spawn",
                                                           "posix_spawn_file_actions_adddup2",
                                                           "posix_spawnattr_init",
                                                           "posix_spawn_file_actions_init",
                                                           "ppoll",
                                                           "prctl(PR_SET_NAME)",
                                                           "read",
                                                           "readlink",
                                                           "recv",
                                                           "recvmsg",
                                                           "send",
                                                           "sendmsg",
                                                           "setrlimit",
                                                           "setsockopt",
                                                           "socket",
                                                           "socketpair",
                                                           "sysconf",
                                                           "unlink",
                                                           "waitid",
                                                           "waitpid",
                                                           "write"};
    return names[static_cast<std::size_t>(call)];
}

std::string name_of_error(int number) {
    if (number == kShort) return "a half";
    const char* name = ::strerrorname_np(number);
    return name != nullptr ? name : std::to_string(number);
}

std::string PlannedFault::text() const {
    return name_of_error(number) + " from " + (lasting ? "every " : "the ") + std::to_string(nth) +
           (lasting ? ". and later " : ". ") + name_of(call) +
           (whose == Whose::childrens ? " of a child" : "");
}

std::string PlannedShortage::text() const {
    return std::string(lasting ? "every " : "the ") + std::to_string(nth) +
           (lasting ? ". and later" : ".") + " allocation" +
           (whose == Whose::childrens ? " of a child" : "") + " fails";
}

}  // namespace procession::testing
