// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace procession::bench {

/// What ours and the peers are made of: "g++ 12.2.0, glibc 2.36, Boost 1.74, ...". Needs no peer:
/// a program that calls only this is not linked with their libraries.
[[nodiscard]] std::string versions();

}  // namespace procession::bench
