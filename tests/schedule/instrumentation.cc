// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// What the library's code, compiled with -fsanitize=thread, calls at each access to memory, and
// what the linker puts in the place of some calls to the system (--wrap). Instead of watching for
// races, this asks the World how the run goes on.

#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstring>
#include <ctime>

#include "schedule/kernel_locks.h"
#include "schedule/world.h"

// NOLINTBEGIN(bugprone-reserved-identifier): the compiler and the linker prescribe these names

extern "C" {
int __real_fcntl(int descriptor, int command, ...);
int __real_open(const char* path, int flags, ...);
void* __real_mmap(void* at, std::size_t bytes, int rights, int flags, int descriptor, off_t from);
int __real_munmap(void* at, std::size_t bytes);
int __real_sched_yield();
long __real_syscall(long number, ...);
long __real_sysconf(int name);
void* __real_memcpy(void* to, const void* from, std::size_t bytes);
void* __real_memset(void* to, int byte, std::size_t bytes);
std::int64_t __real__ZNSt6chrono3_V212steady_clock3nowEv();
}

namespace procession::schedule {

void give_up_lock(void* mapping) {
    // The place stays taken until its owner, if it still can, unmaps it.
    __real_mmap(mapping, 1, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

void forget_lock(void* mapping) { __real_munmap(mapping, 1); }

namespace {

std::uint64_t word_at(const volatile void* at) noexcept {
    const auto aligned = reinterpret_cast<std::uintptr_t>(at) & ~std::uintptr_t{7};
    return *reinterpret_cast<const volatile std::uint64_t*>(aligned);
}

/// Does `act` as one access of the run under way, if the memory is watched.
template <class T, class Act>
T access(const char* what, const volatile T* at, Act act) {
    World* world = World::active();
    if (world == nullptr) return act();
    World::Place place = world->locate(at);
    if (!place.is_watched) return act();
    world->point(what, place);
    const std::uint64_t before = word_at(at);
    const T result = act();
    place.offset &= ~std::uint64_t{7};
    world->changed(place, before, word_at(at));
    return result;
}

template <class T>
T observed(const volatile T* at, T value) {
    World* world = World::active();
    if (world != nullptr && world->locate(at).is_watched) {
        world->observe(static_cast<std::uint64_t>(value));
    }
    return value;
}

template <class T>
bool compare_exchange(volatile T* at, T* expected, T wanted) {
    const bool done = access<T>("compare-exchange", at, [&]() -> T {
                          return __atomic_compare_exchange_n(at, expected, wanted, false,
                                                             __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
                      }) != 0;
    observed<T>(at, *expected);
    observed<T>(at, done ? 1 : 0);
    return done;
}

void plain_read(const volatile void* at) {
    World* world = World::active();
    if (world == nullptr || !world->locate(at).is_watched) return;
    world->settle_store();
    world->observe(word_at(at));
}

void plain_write(const volatile void* at, std::size_t bytes) {
    World* world = World::active();
    if (world == nullptr || !world->locate(at).is_watched) return;
    world->will_store(at, bytes);
}

/// A copy or fill of bytes; into watched memory it comes in two halves.
template <class Move>
void move_bytes(std::byte* to, const std::byte* from, std::size_t bytes, Move move) {
    World* world = World::active();
    if (world == nullptr || bytes == 0) return move(0, bytes);
    if (const World::Place place = world->locate(from); from != nullptr && place.is_watched) {
        world->point("read bytes at", place);
        for (std::size_t i = 0; i + 8 <= bytes; i += 8) world->observe(word_at(from + i));
        world->observe(word_at(from + bytes - 1));
    }
    if (!world->locate(to).is_watched) return move(0, bytes);
    const std::size_t half = bytes / 2;
    const std::size_t parts[][2] = {{0, half}, {half, bytes - half}};
    for (const auto& [start, length] : parts) {
        if (length == 0) continue;
        world->point("write bytes at", world->locate(to + start));
        constexpr std::size_t most = 48;  // that much, however aligned, is remembered at once
        for (std::size_t done = 0; done < length;) {
            const std::size_t some = std::min(length - done, most);
            world->will_store(to + start + done, some);
            move(start + done, some);
            world->settle_store();
            done += some;
        }
    }
}

struct flock* lock_request(int command, void* argument) {
    const bool is_lock = command == F_OFD_SETLK || command == F_OFD_GETLK;
    return is_lock ? static_cast<struct flock*>(argument) : nullptr;
}

// A lock comes into being between the opening of its description and the mapping that keeps it:
// together that is one access, since the kernel would end the half of it, too.
int byte_lock(World& world, int descriptor, int command, struct flock* request) {
    if (command == F_OFD_GETLK) {
        world.point("is locked?", {static_cast<std::uint64_t>(request->l_start), true});
    }
    const int result = __real_fcntl(descriptor, command, request);
    const int error = errno;
    world.observe(static_cast<std::uint64_t>(result + 1));
    if (command == F_OFD_GETLK) world.observe(static_cast<std::uint64_t>(request->l_type) + 100);
    if (command == F_OFD_SETLK && result == 0) world.byte_locked(request->l_start, descriptor);
    errno = error;
    return result;
}

}  // namespace

}  // namespace procession::schedule

using procession::schedule::World;
namespace schedule = procession::schedule;

extern "C" {

// ---- atomic operations -------------------------------------------------------------------------

#define PROCESSION_WATCH_ATOMIC(bits, T)                                                           \
    T __tsan_atomic##bits##_load(const volatile T* at, int) {                                      \
        return schedule::observed<T>(                                                              \
            at, schedule::access<T>("load", at, [&] { return __atomic_load_n(at, 5); }));          \
    }                                                                                              \
    void __tsan_atomic##bits##_store(volatile T* at, T value, int) {                               \
        schedule::access<T>("store", at, [&]() -> T {                                              \
            __atomic_store_n(at, value, 5);                                                        \
            return 0;                                                                              \
        });                                                                                        \
    }                                                                                              \
    T __tsan_atomic##bits##_exchange(volatile T* at, T value, int) {                               \
        return schedule::observed<T>(at, schedule::access<T>("exchange", at, [&] {                 \
                                         return __atomic_exchange_n(at, value, 5);                 \
                                     }));                                                          \
    }                                                                                              \
    T __tsan_atomic##bits##_fetch_add(volatile T* at, T value, int) {                              \
        return schedule::observed<T>(                                                              \
            at, schedule::access<T>("add", at, [&] { return __atomic_fetch_add(at, value, 5); })); \
    }                                                                                              \
    T __tsan_atomic##bits##_fetch_sub(volatile T* at, T value, int) {                              \
        return schedule::observed<T>(                                                              \
            at, schedule::access<T>("sub", at, [&] { return __atomic_fetch_sub(at, value, 5); })); \
    }                                                                                              \
    T __tsan_atomic##bits##_fetch_and(volatile T* at, T value, int) {                              \
        return schedule::observed<T>(                                                              \
            at, schedule::access<T>("and", at, [&] { return __atomic_fetch_and(at, value, 5); })); \
    }                                                                                              \
    T __tsan_atomic##bits##_fetch_or(volatile T* at, T value, int) {                               \
        return schedule::observed<T>(                                                              \
            at, schedule::access<T>("or", at, [&] { return __atomic_fetch_or(at, value, 5); }));   \
    }                                                                                              \
    int __tsan_atomic##bits##_compare_exchange_strong(volatile T* at, T* expected, T wanted, int,  \
                                                      int) {                                       \
        return schedule::compare_exchange<T>(at, expected, wanted) ? 1 : 0;                        \
    }                                                                                              \
    int __tsan_atomic##bits##_compare_exchange_weak(volatile T* at, T* expected, T wanted, int,    \
                                                    int) {                                         \
        return schedule::compare_exchange<T>(at, expected, wanted) ? 1 : 0;                        \
    }

PROCESSION_WATCH_ATOMIC(8, std::uint8_t)
PROCESSION_WATCH_ATOMIC(16, std::uint16_t)
PROCESSION_WATCH_ATOMIC(32, std::uint32_t)
PROCESSION_WATCH_ATOMIC(64, std::uint64_t)

void __tsan_atomic_thread_fence(int) {}  // every access is sequentially consistent here
void __tsan_atomic_signal_fence(int) {}

// ---- plain accesses ----------------------------------------------------------------------------

void __tsan_init() {}
void __tsan_func_entry(void*) {}
void __tsan_func_exit() {}
void __tsan_vptr_update(void**, void*) {}
void __tsan_vptr_read(void**) {}
void __tsan_read1(void* at) { schedule::plain_read(at); }
void __tsan_read2(void* at) { schedule::plain_read(at); }
void __tsan_read4(void* at) { schedule::plain_read(at); }
void __tsan_read8(void* at) { schedule::plain_read(at); }
void __tsan_read16(void* at) { schedule::plain_read(at); }
void __tsan_read_range(void* at, std::size_t) { schedule::plain_read(at); }
void __tsan_write1(void* at) { schedule::plain_write(at, 1); }
void __tsan_write2(void* at) { schedule::plain_write(at, 2); }
void __tsan_write4(void* at) { schedule::plain_write(at, 4); }
void __tsan_write8(void* at) { schedule::plain_write(at, 8); }
void __tsan_write16(void* at) { schedule::plain_write(at, 16); }
void __tsan_write_range(void* at, std::size_t bytes) { schedule::plain_write(at, bytes); }

// ---- the system --------------------------------------------------------------------------------

void* __wrap_memcpy(void* to, const void* from, std::size_t bytes) {
    auto* target = static_cast<std::byte*>(to);
    const auto* source = static_cast<const std::byte*>(from);
    schedule::move_bytes(target, source, bytes, [&](std::size_t start, std::size_t length) {
        __real_memcpy(target + start, source + start, length);
    });
    return to;
}

void* __wrap_memset(void* to, int byte, std::size_t bytes) {
    auto* target = static_cast<std::byte*>(to);
    schedule::move_bytes(target, nullptr, bytes, [&](std::size_t start, std::size_t length) {
        __real_memset(target + start, byte, length);
    });
    return to;
}

int __wrap_fcntl(int descriptor, int command, ...) {
    va_list list;
    va_start(list, command);
    void* argument = va_arg(list, void*);
    va_end(list);
    World* world = World::active();
    struct flock* request = schedule::lock_request(command, argument);
    if (world == nullptr || request == nullptr) {
        return __real_fcntl(descriptor, command, argument);
    }
    return schedule::byte_lock(*world, descriptor, command, request);
}

int __wrap_open(const char* path, int flags, ...) {
    // No file is created here: there is no mode.
    World* world = World::active();
    if (world != nullptr && std::strncmp(path, "/proc/", 6) == 0) {
        world->point("lock a byte", {0, true});
    }
    return __real_open(path, flags);
}

void* __wrap_mmap(void* at, std::size_t bytes, int rights, int flags, int descriptor, off_t from) {
    void* mapping = __real_mmap(at, bytes, rights, flags, descriptor, from);
    World* world = World::active();
    if (world != nullptr) world->lock_kept(descriptor, mapping);
    return mapping;
}

int __wrap_munmap(void* at, std::size_t bytes) {
    World* world = World::active();
    if (world == nullptr) return __real_munmap(at, bytes);
    const std::int64_t byte = world->byte_kept_by(at);
    if (byte >= 0) world->point("unlock", {static_cast<std::uint64_t>(byte), true});
    const int result = __real_munmap(at, bytes);
    world->lock_gone(at);
    return result;
}

int __wrap_sched_yield() {
    World* world = World::active();
    if (world == nullptr || !world->is_in_coroutine()) return __real_sched_yield();
    world->yield();
    return 0;
}

long __wrap_syscall(long number, ...) {
    std::array<long, 6> arguments{};
    va_list list;
    va_start(list, number);
    for (long& argument : arguments) argument = va_arg(list, long);
    va_end(list);
    World* world = World::active();
    if (number != SYS_futex || world == nullptr || !world->is_in_coroutine()) {
        return __real_syscall(number, arguments[0], arguments[1], arguments[2], arguments[3],
                              arguments[4], arguments[5]);
    }
    const auto* word = reinterpret_cast<const volatile void*>(arguments[0]);
    const World::Place place = world->locate(word);
    if (arguments[1] == FUTEX_WAKE) {
        world->futex_wake(word, place, static_cast<int>(arguments[2]));
        return 0;
    }
    const auto* limit = reinterpret_cast<const timespec*>(arguments[3]);
    const std::int64_t limit_ns = limit->tv_sec * 1'000'000'000 + limit->tv_nsec;
    const bool woken =
        world->futex_wait(word, place, static_cast<std::uint32_t>(arguments[2]), limit_ns);
    errno = woken ? 0 : ETIMEDOUT;
    return woken ? 0 : -1;
}

long __wrap_sysconf(int name) {
    // One processor: waiters do not spin, they sleep at once.
    return name == _SC_NPROCESSORS_ONLN ? 1 : __real_sysconf(name);
}

std::int64_t __wrap__ZNSt6chrono3_V212steady_clock3nowEv() {
    World* world = World::active();
    return world != nullptr ? world->now_ns() : __real__ZNSt6chrono3_V212steady_clock3nowEv();
}

}  // extern "C"

// NOLINTEND(bugprone-reserved-identifier)
