// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <system_error>

#include "os/handle.h"

namespace procession::os {

/// Liveness as a kernel fact: this process's exclusive locks on single bytes of a memory file.
///
/// Guarantee: a byte locked through this object stays locked exactly as long as the process lives
/// and keeps the object; the kernel gives it up after the *last* thread of the process has executed
/// its last instruction, whatever ended it (kill, crash, exec). It therefore
///   - never calls a stopped, traced or slow process dead, nor the end of one thread an end;
///   - never takes a reused pid for the old process: no pid is involved, so pid namespaces do not
///     matter either;
///   - needs no cooperation of the dying process.
/// Mechanism (Linux): an open file description of its own, with F_OFD_SETLK write locks
/// (fcntl(2), "Open file description locks"). Close-on-exec makes exec an end.
///
/// Invariant: the description is never shared with another process. A fork child calls
/// abandon_in_fork_child() before anything else, otherwise its parent would live on in it.
class ByteLocks {
  public:
    ByteLocks() noexcept = default;

    /// Opens a fresh description of `file`. No byte is locked yet.
    [[nodiscard]] std::error_code open(const Handle& file) noexcept;
    [[nodiscard]] bool is_open() const noexcept { return own_.valid(); }

    /// Locks one byte. False when another process holds it, or, then `failed` is set, when the
    /// kernel cannot give it.
    [[nodiscard]] bool try_lock(std::uint64_t at, std::error_code& failed) noexcept;
    [[nodiscard]] bool try_lock(std::uint64_t at) noexcept {
        std::error_code ignored;
        return try_lock(at, ignored);
    }
    void unlock(std::uint64_t at) noexcept;
    /// Whether some other process holds the byte now: a live participant.
    [[nodiscard]] bool is_locked_by_another(std::uint64_t at) const noexcept;

    /// Gives up all bytes.
    void close() noexcept { own_.reset(); }
    /// Async-signal-safe.
    void abandon_in_fork_child() noexcept { own_.reset(); }

  private:
    Handle own_;
};

}  // namespace procession::os
