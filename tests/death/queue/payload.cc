// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/queue/payload.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace procession::death {

std::vector<std::byte> payload_of(int number, std::size_t size) {
    std::vector<std::byte> bytes(std::max(size, sizeof number), std::byte{1});
    std::memcpy(bytes.data(), &number, sizeof number);
    if (number == kFiller) return bytes;
    for (std::size_t i = sizeof number; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(static_cast<unsigned>(number) * 37 + i * 11);
    }
    return bytes;
}

int number_of(std::span<const std::byte> payload) {
    int number = 0;
    if (payload.size() < sizeof number) throw std::runtime_error("a payload is cut short");
    std::memcpy(&number, payload.data(), sizeof number);
    const auto wanted = payload_of(number, payload.size());
    if (!std::equal(payload.begin(), payload.end(), wanted.begin())) {
        throw std::runtime_error("the payload that begins with " + std::to_string(number) +
                                 " is not what was put");
    }
    return number;
}

}  // namespace procession::death
