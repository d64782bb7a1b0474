// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "procession/codec/format.h"

namespace procession {

/// An item that could not be processed, kept for people to look at.
struct DeadLetter {
    std::string reason;
    Format format = Format::raw;
    std::vector<std::byte> bytes;  // as they were put
    std::uint32_t deliveries = 0;  // how often it had been handed out
    std::uint64_t number = 0;      // counts the queue's dead letters
};

}  // namespace procession
