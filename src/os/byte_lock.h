// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <system_error>
#include <utility>

#include "os/memory_file.h"

namespace procession::os {

/// Liveness as a kernel fact: an exclusive lock on one byte of a memory file, held by this process.
/// Move-only; its destructor unlocks.
///
/// Guarantee: a byte locked here stays locked exactly as long as this process lives and keeps the
/// object; the kernel gives it up after the *last* thread of the process has executed its last
/// instruction, whatever ended it (kill, crash, exec). It therefore
///   - never calls a stopped, traced or slow process dead, nor the end of one thread an end;
///   - never takes a reused pid for the old process: no pid is involved, so pid namespaces do not
///     matter either;
///   - needs no cooperation of the dying process;
///   - belongs to no child, however that was made (fork, _Fork, clone): it never keeps its parent
///     alive;
///   - survives the closing of all descriptors by another part of the program (closefrom).
///
/// Mechanism (Linux): a fresh open file description, locked with F_OFD_SETLK (fcntl(2), "Open file
/// description locks"), and a mapping of it. Then its descriptor is closed: the mapping alone keeps
/// the description, and the lock. The mapping is MADV_DONTFORK, so no child inherits it, and exec
/// drops it with all others.
///
/// Mechanism (Windows): a word beside the memory names the owner by its process's number and
/// creation time. The byte is locked as long as that process exists, which its process object
/// tells.
///
/// Where no second description can be opened, since /proc cannot be seen (chroot(2), a filter of
/// system calls), try_claim() takes a POSIX record lock instead, by the descriptor there is: one at
/// a time in a process. It excludes the others' locks, and is gone with the process as well.
///
/// What remains (Linux): such a record lock is dropped early if the process closes another
/// descriptor of the same file within the milliseconds that the repair takes. A child made by a
/// bare clone in *another thread* during the microseconds of try_lock() inherits the descriptor; a
/// child that shares this process's memory (vfork, clone with CLONE_VM) shares the mapping. Such a
/// child keeps the byte locked until it execs or ends.
///
/// All zero bytes are a ByteLock that holds nothing, so that one may live in memory that is wiped
/// on fork.
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

    /// Locks byte `at` of the file `identity`, to which `file` must lead. Of 64 bytes, from a
    /// multiple of 64 on, at most one is ever locked.
    /// Returns: device_or_resource_busy when it is locked already, by this process or another;
    ///          bad_file_descriptor when the handle leads elsewhere: other code closed it.
    [[nodiscard]] static std::error_code try_lock(const Handle& file, const FileIdentity& identity,
                                                  std::uint64_t at, ByteLock& taken) noexcept;
    /// The same, for a short time, by a process that already holds another byte of the file: to
    /// repair what the last owner of this byte has left. Works also where the system no longer
    /// shows the process its files, as after chroot(2).
    [[nodiscard]] static std::error_code try_claim(const Handle& file, const FileIdentity& identity,
                                                   std::uint64_t at, ByteLock& taken) noexcept;
    /// Why try_lock() returned this error, as the end of a sentence, and what to do about it.
    [[nodiscard]] static const char* why(const std::error_code& failed) noexcept;

    /// Whether a process, so a live participant, holds the byte. True also when that cannot be
    /// told: a live participant must never be called dead.
    [[nodiscard]] static bool is_locked(const Handle& file, const FileIdentity& identity,
                                        std::uint64_t at) noexcept;

    /// Whether a process holds one of `count` bytes from `from` on. True also when that cannot be
    /// told.
    [[nodiscard]] static bool is_any_locked(const Handle& file, std::uint64_t from,
                                            std::uint64_t count) noexcept;

    [[nodiscard]] bool is_held() const noexcept { return mapping_ != nullptr; }
    void unlock() noexcept;

  private:
    void* mapping_ = nullptr;
};

}  // namespace procession::os
