// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::base {

/// From now on is_exiting() tells when std::exit() has come to the statics that exist now: they are
/// destroyed after that. Call it again for later statics; calls beyond some hundred are ignored,
/// since each needs memory for good.
void watch_exit() noexcept;
[[nodiscard]] bool is_exiting() noexcept;

}  // namespace procession::base
