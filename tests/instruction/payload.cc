// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/payload.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <string>

namespace procession::instruction {

std::vector<std::byte> payload_of(const Thing& thing) {
    std::vector<std::byte> bytes(std::max(thing.bytes, sizeof thing.number), std::byte{1});
    std::memcpy(bytes.data(), &thing.number, sizeof thing.number);
    if (thing.number == kFiller) return bytes;
    for (std::size_t i = sizeof thing.number; i < bytes.size(); ++i) {
        bytes[i] = static_cast<std::byte>(static_cast<unsigned>(thing.number) * 37 + i * 11);
    }
    return bytes;
}

int number_of(std::span<const std::byte> payload) {
    Thing thing{0, payload.size()};
    if (payload.size() < sizeof thing.number) throw std::runtime_error("a payload is cut short");
    std::memcpy(&thing.number, payload.data(), sizeof thing.number);
    const auto wanted = payload_of(thing);
    if (!std::equal(payload.begin(), payload.end(), wanted.begin())) {
        throw std::runtime_error("the payload that begins with " + std::to_string(thing.number) +
                                 " is not what was put");
    }
    return thing.number;
}

}  // namespace procession::instruction
