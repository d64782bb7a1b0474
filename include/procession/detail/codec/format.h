// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace procession::inline v0 {

/// The format of the bytes of one message. It is sent with every message.
enum class Format : std::uint8_t {
    raw = 0,      // the object bytes of a trivially copyable type
    msgpack = 1,  // one MessagePack object
    pickle = 2,   // Python only
    user = 3,     // what the user's own Codec<T> wrote
    buffer = 4,   // Python only: an out-of-band buffer
};

/// The identity of an element type, stored with a shared object and compared on attach.
struct TypeStamp {
    Format format = Format::raw;
    std::uint64_t hash = 0;  // FNV-1a of the format and the signature
    std::string signature;

    friend bool operator==(const TypeStamp&, const TypeStamp&) = default;
};

/// FNV-1a, 64 bits: one byte for the format, then the signature.
constexpr std::uint64_t stamp_hash(Format format, std::string_view signature) noexcept {
    constexpr std::uint64_t prime = 0x100000001b3;
    std::uint64_t hash = 0xcbf29ce484222325;
    hash = (hash ^ static_cast<std::uint8_t>(format)) * prime;
    for (const char letter : signature) {
        hash = (hash ^ static_cast<unsigned char>(letter)) * prime;
    }
    return hash;
}

/// The stamp of queues that were made without a type: each item is any MessagePack object, and the
/// consumer checks whether it can use it.
[[nodiscard]] inline TypeStamp any_messagepack_stamp() {
    constexpr std::string_view signature = "any";
    return {Format::msgpack, stamp_hash(Format::msgpack, signature), std::string(signature)};
}

}  // namespace procession::inline v0
