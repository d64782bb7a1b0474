// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::inline v0::detail::os {

/// The identity of this process: its id, and the low half of its creation time in units of 100 ns.
/// The time distinguishes processes that get the same id one after the other, except by a chance of
/// one in 2^32. 0 if the system does not tell.
[[nodiscard]] std::uint64_t own_process_identity() noexcept;

/// Whether the process with this identity is alive. Its process object tells, which is signalled
/// after the last thread has executed its last instruction. Also true if the system does not tell.
[[nodiscard]] bool is_process_alive(std::uint64_t identity) noexcept;

/// Closes the handles that is_process_alive() has cached.
void close_cached_processes() noexcept;

}  // namespace procession::inline v0::detail::os
