// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::inline v0::detail::base {

/// Makes is_exiting() true before std::exit() destroys the static objects that exist at this call.
/// Call it again for static objects that are made later. Calls beyond 500 have no effect: each one
/// takes memory that is never freed.
void watch_exit() noexcept;
[[nodiscard]] bool is_exiting() noexcept;

}  // namespace procession::inline v0::detail::base
