// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "procession/detail/codec/signature.h"

namespace procession::inline v0::detail::codec {

/// std::bitset.
template <class T>
concept BitSet = std::is_class_v<T> && is_standard<T>() && requires(T& bits) {
    bits.test(0);
    bits.flip();
    bits.to_ullong();
};

/// A binary with the bits, eight in a byte. Bit 0 is the lowest bit of the first byte.
template <template <std::size_t> class Bits, std::size_t count>
    requires BitSet<Bits<count>>
struct Builtin<Bits<count>> : BuiltinDefaults {
    static constexpr std::size_t size = (count + 7) / 8;

    static void describe(Signature& signature) { signature << "bits<" << count << ">"; }
    static void encode(Writer& writer, const Bits<count>& bits) {
        std::vector<std::byte> bytes(size);
        for (std::size_t i = 0; i < count; ++i) {
            if (bits[i]) bytes[i / 8] |= static_cast<std::byte>(1U << (i % 8));
        }
        writer.binary(bytes);
    }
    static Bits<count> decode(Reader& reader) {
        const std::size_t start = reader.position();
        const auto bytes = reader.binary();
        const auto is_set = [&](std::size_t i) {
            return ((std::to_integer<unsigned>(bytes[i / 8]) >> (i % 8)) & 1U) != 0;
        };
        bool fits = bytes.size() == size;
        for (std::size_t i = count; fits && i < 8 * size; ++i) fits = !is_set(i);
        if (!fits) {
            reader.unexpected("a binary of " + std::to_string(count) + " bits",
                              bytes.size() == size ? std::string("a further bit that is set")
                                                   : std::to_string(bytes.size()) + " bytes",
                              start);
        }
        Bits<count> bits;
        for (std::size_t i = 0; i < count; ++i) bits[i] = is_set(i);
        return bits;
    }
};

template <class T>
concept ComplexNumber = std::is_class_v<T> && type_name<T>().starts_with("std::complex<");

/// The array [real, imaginary]. Recognised by its name, so that <complex> need not be included
/// here.
template <ComplexNumber T>
struct Builtin<T> : BuiltinDefaults {
    using Number = typename T::value_type;
    using Parts = Types<Number, Number>;
    static constexpr bool raw = is_raw<Number>();

    static bool well_formed(const T&) { return true; }
    static void describe(Signature& signature) {
        signature << "[";
        describe_all(signature, Parts{});
        signature << "]";
    }
    static void encode(Writer& writer, const T& value) {
        const Writer::Nested nested(writer);
        writer.array(2);
        put<Number>(writer, value.real());
        put<Number>(writer, value.imag());
    }
    static T decode(Reader& reader) {
        const Reader::Nested nested(reader);
        reader.array_of(2);
        const Number real = take<Number>(reader);
        return T(real, take<Number>(reader));
    }
};

}  // namespace procession::inline v0::detail::codec
