// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstring>
#include <limits>
#include <span>
#include <type_traits>

#include "procession/detail/codec/signature.h"

// Numbers, characters, booleans and enumerations.

namespace procession::inline v0::detail::codec {

/// "i32", "u64", "f64", "char", "bool".
template <class T>
std::string scalar_name() {
    if constexpr (std::is_same_v<T, bool>) {
        return "bool";
    } else if constexpr (std::is_same_v<T, char>) {
        return "char";
    } else {
        std::string name = std::is_floating_point_v<T> ? "f" : std::is_signed_v<T> ? "i" : "u";
        return name += std::to_string(8 * sizeof(T));
    }
}

template <class T>
struct ScalarDefaults : BuiltinDefaults {
    static constexpr bool raw = true;
    static void describe(Signature& signature) { signature << scalar_name<T>(); }
    static bool well_formed(const T&) { return true; }
};

template <>
struct Builtin<bool> : ScalarDefaults<bool> {
    static constexpr bool any_bytes_are_one = false;
    static bool well_formed(const bool& value) {
        unsigned char byte = 0;
        std::memcpy(&byte, &value, 1);
        return byte <= 1;
    }
    static void encode(Writer& writer, bool value) { writer.boolean(value); }
    static bool decode(Reader& reader) { return reader.boolean(); }
};

template <std::integral T>
    requires(sizeof(T) <= 8)
struct Builtin<T> : ScalarDefaults<T> {
    static void encode(Writer& writer, T value) { writer.integer(value); }
    static T decode(Reader& reader) { return reader.integer<T>(); }
};

template <class T>
    requires(std::is_same_v<T, float> || std::is_same_v<T, double>)
struct Builtin<T> : ScalarDefaults<T> {
    static void encode(Writer& writer, T value) { writer.real(value); }
    static T decode(Reader& reader) { return reader.real<T>(); }
};

/// For numbers that are wider than any MessagePack number: the object bytes as a binary. (The x87
/// long double has ten bytes of value; the others are padding, and are written as zeros.)
template <class T>
    requires(std::is_arithmetic_v<T> && !std::is_same_v<T, float> && !std::is_same_v<T, double> &&
             (std::is_floating_point_v<T> || sizeof(T) > 8))
struct Builtin<T> : ScalarDefaults<T> {
    static constexpr std::size_t value_bytes =
        std::numeric_limits<T>::digits == 64 && std::is_floating_point_v<T> ? 10 : sizeof(T);
    static void encode(Writer& writer, const T& value) {
        std::byte bytes[sizeof(T)] = {};
        std::memcpy(bytes, &value, value_bytes);
        writer.binary(bytes);
    }
    static T decode(Reader& reader) {
        const std::size_t start = reader.position();
        const auto bytes = reader.binary();
        if (bytes.size() != sizeof(T)) {
            reader.unexpected("a binary of " + std::to_string(sizeof(T)) + " bytes",
                              std::to_string(bytes.size()), start);
        }
        T value{};
        std::memcpy(&value, bytes.data(), sizeof(T));
        return value;
    }
};

/// Encoded as its number. The receiver must check that the number is that of an enumerator.
template <class T>
    requires std::is_enum_v<T>
struct Builtin<T> : ScalarDefaults<T> {
    using Number = std::underlying_type_t<T>;
    static constexpr bool any_bytes_are_one = Builtin<Number>::any_bytes_are_one;
    static bool well_formed(const T& value) {
        unsigned char byte = 0;
        std::memcpy(&byte, &value, 1);
        return any_bytes_are_one || byte <= 1;
    }
    static void describe(Signature& signature) { signature << scalar_name<Number>(); }
    static void encode(Writer& writer, T value) {
        Builtin<Number>::encode(writer, static_cast<Number>(value));
    }
    static T decode(Reader& reader) { return static_cast<T>(Builtin<Number>::decode(reader)); }
};

}  // namespace procession::inline v0::detail::codec
