// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Bytes of an item that no correct writer wrote: they are a value or a DecodeError, and what was
// decoded encodes to bytes that decode to the same bytes again. The first byte chooses the type,
// the second the format.

#include <algorithm>
#include <cstdint>
#include <map>
#include <unordered_map>
#include <variant>
#include <vector>

#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "fuzz/sample.h"

namespace procession::fuzz {
namespace {

struct Raw {
    std::uint32_t number;
    float real;
    Colour colour;
};

template <class T>
std::vector<std::byte> encoded(const T& value) {
    Writer writer;
    Format format{};
    const auto bytes = encode_message(value, writer, format);
    return {bytes.begin(), bytes.end()};
}

template <class T>
void decode_as(Format format, std::span<const std::byte> bytes) {
    // A copy of its own: what is read beyond its end is found.
    const std::vector<std::byte> own(bytes.begin(), bytes.end());
    survives([&] {
        const T value = decode_message<T>(format, own);
        const auto once = encoded(value);
        const T again = decode_message<T>(format_of<T>, once);
        // Hash tables have no order, and the padding of a raw type no value.
        if constexpr (!std::is_same_v<T, std::unordered_map<int, double>> &&
                      !std::is_same_v<T, Tree> && !std::is_same_v<T, Raw>) {
            if (encoded(again) != once) found("a value changed on its way");
        }
    });
}

void run(Input input) {
    const std::uint8_t type = input.byte();
    const auto format = static_cast<Format>(input.byte() % 6);
    const auto bytes = input.rest();
    switch (type % 12) {
        case 0: return decode_as<Tree>(format, bytes);
        case 1: return decode_as<std::string>(format, bytes);
        case 2: return decode_as<std::vector<std::string>>(format, bytes);
        case 3: return decode_as<std::map<std::string, std::vector<int>>>(format, bytes);
        case 4: return decode_as<std::unordered_map<int, double>>(format, bytes);
        case 5: return decode_as<std::variant<int, bool, std::string>>(format, bytes);
        case 6: return decode_as<std::optional<std::tuple<int, std::string>>>(format, bytes);
        case 7: return decode_as<Raw>(format, bytes);
        case 8: return decode_as<std::vector<std::vector<bool>>>(format, bytes);
        case 9: return decode_as<std::vector<std::byte>>(format, bytes);
        case 10: return decode_as<std::uint64_t>(format, bytes);
        default: return decode_as<std::vector<std::monostate>>(format, bytes);
    }
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
