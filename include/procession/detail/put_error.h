// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace procession {

enum class PutError : std::uint8_t { timed_out, shut_down };

}  // namespace procession
