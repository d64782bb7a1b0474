// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::os {

/// A process in one word, for memory that processes share: its number, and the low half of the time
/// at which it was created, in 100 ns. That tells apart those that get one number one after the
/// other, but for a chance of one in 2^32.

/// Of this process; 0 when the system does not tell.
[[nodiscard]] std::uint64_t own_process_name() noexcept;
/// Whether the process of that name runs. The process object tells: it is signalled after the last
/// thread has executed its last instruction. True when that cannot be told.
[[nodiscard]] bool is_process_alive(std::uint64_t name) noexcept;

}  // namespace procession::os
