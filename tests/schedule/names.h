// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace procession::schedule {

/// What lies at this offset of a queue's segment, for people.
std::string name_of_place(std::uint64_t offset);

}  // namespace procession::schedule
