// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace procession::inline v0::detail::os::calls {

/// The calls of src/os/linux that can fail. A system call with several commands is several calls
/// here.
enum class Call : std::uint8_t {
    accept4,
    bind,
    chmod,
    close,
    connect,
    epoll_add,
    epoll_create1,
    eventfd,
    fallocate,
    fcntl_add_seals,
    fcntl_dupfd,
    fcntl_get_lock,
    fcntl_get_seals,
    fcntl_getfd,
    fcntl_getfl,
    fcntl_set_lock,
    fcntl_set_process_lock,
    fcntl_setfd,
    fcntl_setfl,
    fcntl_setown,
    fcntl_setsig,
    fork,
    fstat,
    fstatfs,
    futex_wait,
    futex_wake,
    getrandom,
    getrlimit,
    getsockname,
    getsockopt,
    kcmp,
    kill,
    listen,
    lstat,
    madvise,
    membarrier,
    memfd_create,
    mmap,
    munmap,
    open,
    pidfd_open,
    pidfd_send_signal,
    pipe2,
    poll,
    posix_spawn,
    posix_spawn_adddup2,
    posix_spawn_attributes,
    posix_spawn_init,
    ppoll,
    prctl,
    read,
    readlink,
    recv,
    recvmsg,
    send,
    sendmsg,
    setrlimit,
    setsockopt,
    socket,
    socketpair,
    sysconf,
    unlink,
    waitid,
    waitpid,
    write,
};
inline constexpr std::size_t kCalls = static_cast<std::size_t>(Call::write) + 1;

#ifdef PROCESSION_FAULTS

/// Decides about a call that is about to be made. Returns: 0 to make it; kShort to make it with
/// half of the bytes; otherwise the errno with which it fails. Must be async-signal-safe, since it
/// is also called in a fork child.
using FaultHook = int (*)(Call call) noexcept;
inline std::atomic<FaultHook> fault_hook{nullptr};
inline constexpr int kShort = -1;

inline int fault(Call call) noexcept {
    // relaxed: a test sets the hook before it makes calls
    const FaultHook hook = fault_hook.load(std::memory_order_relaxed);
    return hook != nullptr ? hook(call) : 0;
}

#else

constexpr int fault(Call) noexcept { return 0; }
inline constexpr int kShort = -1;

#endif

}  // namespace procession::inline v0::detail::os::calls
