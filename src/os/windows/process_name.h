// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession::os {

/// The number of this process, and the low half of its creation time in units of 100 ns. The latter
/// distinguishes processes that get one number one after the other, but for a chance of one in
/// 2^32. 0 when that cannot be found out.
[[nodiscard]] std::uint64_t own_process_name() noexcept;

/// Whether the process of that name runs. The process object tells: it is signalled after the last
/// thread has executed its last instruction. True when that cannot be told.
[[nodiscard]] bool process_lives(std::uint64_t name) noexcept;

/// process_lives() keeps handles for the next time. Closes them.
void let_go_of_processes() noexcept;

}  // namespace procession::os
