// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::base {

/// From now on is_exiting() tells when std::exit() has come to the statics that exist now: they are
/// destroyed after that. To be called again for later ones; what is beyond some hundred calls is
/// ignored, since each needs memory for good.
void watch_exit() noexcept;
[[nodiscard]] bool is_exiting() noexcept;

}  // namespace procession::base
