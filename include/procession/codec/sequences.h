// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <forward_list>
#include <iterator>
#include <list>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "procession/codec/signature.h"

// Sequences: a MessagePack array, or a binary if the elements are bytes.

namespace procession::codec {

/// Reserves room for the elements, but never more than a few times the bytes that are left.
template <class T>
std::size_t prudent_capacity(const Reader& reader, std::size_t count) {
    return std::min(count, 4 * reader.bytes_left() / sizeof(T) + 1);
}

template <class Container>
void put_elements(Writer& writer, const Container& container, std::size_t count) {
    using Value = typename Container::value_type;
    const Writer::Nested nested(writer);
    writer.array(count);
    for (const auto& element : container) put<Value>(writer, element);
}

template <class T>
struct SequenceDefaults : BuiltinDefaults {
    using Parts = Types<T>;
    static void describe(Signature& signature) {
        if constexpr (is_byte_like<T>()) {
            signature << "bin";
        } else {
            signature << "vec<";
            codec::describe<T>(signature);
            signature << ">";
        }
    }
};

template <class T, class Allocator>
struct Builtin<std::vector<T, Allocator>> : SequenceDefaults<T> {
    using Vector = std::vector<T, Allocator>;
    static void encode(Writer& writer, const Vector& vector) {
        if constexpr (is_byte_like<T>()) {
            writer.binary(std::as_bytes(std::span(vector)));
        } else {
            put_elements(writer, vector, vector.size());
        }
    }
    static Vector decode(Reader& reader) {
        if constexpr (is_byte_like<T>()) {
            const auto bytes = reader.binary();
            const T* first = reinterpret_cast<const T*>(bytes.data());
            return Vector(first, first + bytes.size());
        } else {
            const Reader::Nested nested(reader);
            const std::uint32_t count = reader.array();
            Vector vector;
            vector.reserve(prudent_capacity<T>(reader, count));
            for (std::uint32_t i = 0; i < count; ++i) vector.push_back(take<T>(reader));
            return vector;
        }
    }
};

/// Deques, lists and strings of wide characters.
template <class Container>
struct PushBackSequence : BuiltinDefaults {
    using Value = typename Container::value_type;
    using Parts = Types<Value>;
    static void describe(Signature& signature) {
        signature << "vec<";
        codec::describe<Value>(signature);
        signature << ">";
    }
    static void encode(Writer& writer, const Container& container) {
        put_elements(writer, container, container.size());
    }
    static Container decode(Reader& reader) {
        const Reader::Nested nested(reader);
        Container container;
        for (std::uint32_t left = reader.array(); left != 0; --left) {
            container.push_back(take<Value>(reader));
        }
        return container;
    }
};

template <class T, class Allocator>
struct Builtin<std::deque<T, Allocator>> : PushBackSequence<std::deque<T, Allocator>> {};

template <class T, class Allocator>
struct Builtin<std::list<T, Allocator>> : PushBackSequence<std::list<T, Allocator>> {};

template <class Char, class Traits, class Allocator>
    requires(sizeof(Char) > 1)
struct Builtin<std::basic_string<Char, Traits, Allocator>>
    : PushBackSequence<std::basic_string<Char, Traits, Allocator>> {};

template <class T, class Allocator>
struct Builtin<std::forward_list<T, Allocator>> : BuiltinDefaults {
    using List = std::forward_list<T, Allocator>;
    using Parts = Types<T>;
    static void describe(Signature& signature) { PushBackSequence<List>::describe(signature); }
    static void encode(Writer& writer, const List& list) {
        put_elements(writer, list,
                     static_cast<std::size_t>(std::distance(list.begin(), list.end())));
    }
    static List decode(Reader& reader) {
        const Reader::Nested nested(reader);
        List list;
        auto last = list.before_begin();
        for (std::uint32_t left = reader.array(); left != 0; --left) {
            last = list.insert_after(last, take<T>(reader));
        }
        return list;
    }
};

/// Sequences with a fixed length: C arrays and std::array.
template <class T, std::size_t count>
struct FixedArray : BuiltinDefaults {
    using Parts = Types<T>;
    static void describe_fixed(Signature& signature) {
        codec::describe<std::remove_cv_t<T>>(signature);
        signature << "[" << count << "]";
    }
    static void encode_fixed(Writer& writer, const T* elements) {
        if constexpr (is_byte_like<T>()) {
            writer.binary(std::as_bytes(std::span(elements, count)));
        } else {
            const Writer::Nested nested(writer);
            writer.array(count);
            for (std::size_t i = 0; i < count; ++i) put<T>(writer, elements[i]);
        }
    }
    static void expect_length(Reader& reader) { reader.array_of(count); }
    static void decode_bytes(Reader& reader, T* elements) {
        const std::size_t start = reader.position();
        const auto bytes = reader.binary();
        if (bytes.size() != count) {
            reader.unexpected("a binary of " + std::to_string(count) + " bytes",
                              std::to_string(bytes.size()), start);
        }
        if constexpr (count != 0) std::memcpy(elements, bytes.data(), count);
    }
    static bool all_well_formed(const T* elements) {
        return std::all_of(elements, elements + count,
                           [](const T& element) { return Builtin<T>::well_formed(element); });
    }
};

template <class T, std::size_t count>
struct Builtin<std::array<T, count>> : FixedArray<T, count> {
    using Array = std::array<T, count>;
    using Fixed = FixedArray<T, count>;
    static constexpr bool raw = is_raw<T>();
    static constexpr bool any_bytes_are_one = !raw || Builtin<T>::any_bytes_are_one;

    static bool well_formed(const Array& array) { return Fixed::all_well_formed(array.data()); }
    static void describe(Signature& signature) { Fixed::describe_fixed(signature); }
    static void encode(Writer& writer, const Array& array) {
        Fixed::encode_fixed(writer, array.data());
    }
    static Array decode(Reader& reader) {
        if constexpr (is_byte_like<T>()) {
            Array array{};
            Fixed::decode_bytes(reader, array.data());
            return array;
        } else if constexpr (std::is_default_constructible_v<T> && std::is_move_assignable_v<T>) {
            const Reader::Nested nested(reader);
            Fixed::expect_length(reader);
            Array array{};
            for (T& element : array) element = take<T>(reader);
            return array;
        } else {
            const Reader::Nested nested(reader);
            Fixed::expect_length(reader);
            return [&]<std::size_t... i>(std::index_sequence<i...>) {
                return Array{{(static_cast<void>(i), take<T>(reader))...}};
            }(std::make_index_sequence<count>{});
        }
    }
};

template <class T, std::size_t count>
struct Builtin<T[count]> : FixedArray<T, count> {
    using Fixed = FixedArray<T, count>;
    static constexpr bool raw = is_raw<T>();
    static constexpr bool any_bytes_are_one = !raw || Builtin<T>::any_bytes_are_one;

    static bool well_formed(const T (&array)[count]) { return Fixed::all_well_formed(array); }
    static void describe(Signature& signature) { Fixed::describe_fixed(signature); }
    static void encode(Writer& writer, const T (&array)[count]) {
        Fixed::encode_fixed(writer, array);
    }
    static void decode_into(Reader& reader, T (&array)[count]) {
        if constexpr (is_byte_like<T>()) {
            Fixed::decode_bytes(reader, array);
        } else {
            const Reader::Nested nested(reader);
            Fixed::expect_length(reader);
            for (T& element : array) {
                if constexpr (std::is_array_v<T>) {
                    Builtin<T>::decode_into(reader, element);
                } else {
                    element = take<T>(reader);
                }
            }
        }
    }
};

}  // namespace procession::codec
