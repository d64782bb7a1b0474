// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <system_error>
#include <utility>

#include "os/memory_file.h"

namespace procession::inline v0::detail::os {

/// An exclusive lock on one byte of a memory file, held by this process. The kernel releases it
/// when the process ends, so a locked byte proves that its owner is alive. Move-only; the
/// destructor unlocks.
///
/// Guarantee: the byte stays locked as long as this object and this process exist. When the process
/// ends (kill, crash, exec), the kernel releases the lock after the *last* thread has executed its
/// last instruction. Therefore a ByteLock
///   - never reports a stopped, traced or slow process as dead, and ignores the end of one thread;
///   - never mistakes a process with a reused pid for the old one: no pid is involved, so pid
///     namespaces do not matter either;
///   - needs no cooperation of the dying process;
///   - is not inherited by a child, whether made by fork, _Fork or clone: a child never makes its
///     dead parent look alive;
///   - stays locked if another part of the program closes all descriptors (closefrom).
///
/// Mechanism (Linux): a new open file description is locked with F_OFD_SETLK (fcntl(2), "Open file
/// description locks") and mapped, and its descriptor is closed. Now only the mapping keeps the
/// description, and with it the lock. The mapping is MADV_DONTFORK, so no child inherits it, and
/// exec removes it with all others.
///
/// Mechanism (Windows): a word in the head of the section identifies the owner by its process id
/// and creation time. The byte is locked as long as that process exists, which the process object
/// tells.
///
/// Without access to /proc (chroot(2), a filter of system calls) no second description can be
/// opened. Then try_claim() takes a POSIX record lock through the descriptor that exists, at most
/// one at a time in a process. It conflicts with the other kind of lock, and ends with the process
/// as well.
///
/// Limits (Linux): such a record lock is lost if the process closes another descriptor of the file
/// within the milliseconds that a repair takes. If *another thread* makes a child by a bare clone
/// within the microseconds of try_lock(), the child inherits the descriptor. A child that shares
/// this process's memory (vfork, clone with CLONE_VM) shares the mapping. Such a child keeps the
/// byte locked until it execs or ends.
///
/// A ByteLock whose bytes are all zero holds no lock, so it may be kept in memory that is wiped on
/// fork.
class ByteLock {
  public:
    ByteLock() noexcept = default;
    ByteLock(ByteLock&& other) noexcept : mapping_(std::exchange(other.mapping_, nullptr)) {}
    ByteLock& operator=(ByteLock&& other) noexcept {
        if (this == &other) return *this;
        unlock();
        mapping_ = std::exchange(other.mapping_, nullptr);
        return *this;
    }
    ByteLock(const ByteLock&) = delete;
    ByteLock& operator=(const ByteLock&) = delete;
    ~ByteLock() { unlock(); }

    /// Locks the byte at offset `at` of the file `identity`, to which `file` refers. Callers lock
    /// at most one byte of each aligned block of 64. Returns: device_or_resource_busy when the byte
    /// is locked, by this process or another;
    ///          bad_file_descriptor when other code closed the handle, so that it is invalid or
    ///          refers to another object.
    [[nodiscard]] static std::error_code try_lock(const Handle& file, const FileIdentity& identity,
                                                  std::uint64_t at, ByteLock& taken) noexcept;
    /// The same for a short time, by a process that holds another byte of the file already: to
    /// repair what the dead owner of this byte has left. Also works without access to /proc, as
    /// after chroot(2).
    [[nodiscard]] static std::error_code try_claim(const Handle& file, const FileIdentity& identity,
                                                   std::uint64_t at, ByteLock& taken) noexcept;
    /// Why try_lock() returned this error and what to do about it, as the end of a sentence.
    [[nodiscard]] static const char* why(const std::error_code& failed) noexcept;

    /// Whether a process holds the byte, so that its participant is alive. Also true when the
    /// system does not tell: a live participant must never be reported as dead.
    [[nodiscard]] static bool is_locked(const Handle& file, const FileIdentity& identity,
                                        std::uint64_t at) noexcept;

    /// Whether a process holds any of the `count` bytes from offset `from`. Also true when the
    /// system does not tell.
    [[nodiscard]] static bool is_any_locked(const Handle& file, std::uint64_t from,
                                            std::uint64_t count) noexcept;

    [[nodiscard]] bool is_held() const noexcept { return mapping_ != nullptr; }
    void unlock() noexcept;

  private:
    void* mapping_ = nullptr;
};

}  // namespace procession::inline v0::detail::os
