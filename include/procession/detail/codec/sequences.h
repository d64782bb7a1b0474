// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstring>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "procession/detail/codec/containers.h"

// Sequences: a MessagePack array, or a binary if the elements are bytes.

namespace procession::inline v0::detail::codec {

/// Reserves room for the elements, but never more than a few times the bytes that are left.
template <class T>
std::size_t prudent_capacity(const Reader& reader, std::size_t count) {
    const std::size_t most = 4 * reader.bytes_left() / sizeof(T) + 1;
    return count < most ? count : most;
}

template <class Container>
void put_elements(Writer& writer, const Container& container, std::size_t count) {
    using Value = typename Container::value_type;
    const Writer::Nested nested(writer);
    writer.array(count);
    for (const auto& element : container) put<Value>(writer, element);
}

template <class T>
void describe_sequence(Signature& signature) {
    signature << "vec<";
    codec::describe<T>(signature);
    signature << ">";
}

template <class T, class Allocator>
struct Builtin<std::vector<T, Allocator>> : BuiltinDefaults {
    using Vector = std::vector<T, Allocator>;
    using Parts = Types<T>;
    static void describe(Signature& signature) {
        if constexpr (is_byte_like<T>()) {
            signature << "bin";
        } else {
            describe_sequence<T>(signature);
        }
    }
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

/// Deques, lists, strings of wide characters, and what else is_container names.
template <GrowingSequence Container>
struct Builtin<Container> : BuiltinDefaults {
    using Value = typename Container::value_type;
    using Parts = Types<Value>;
    static void describe(Signature& signature) { describe_sequence<Value>(signature); }
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

/// std::forward_list.
template <SinglyLinkedList List>
struct Builtin<List> : BuiltinDefaults {
    using Value = typename List::value_type;
    using Parts = Types<Value>;
    static void describe(Signature& signature) { describe_sequence<Value>(signature); }
    static void encode(Writer& writer, const List& list) {
        std::size_t count = 0;
        for (auto at = list.begin(); at != list.end(); ++at) ++count;
        put_elements(writer, list, count);
    }
    static List decode(Reader& reader) {
        const Reader::Nested nested(reader);
        List list;
        auto last = list.before_begin();
        for (std::uint32_t left = reader.array(); left != 0; --left) {
            last = list.insert_after(last, take<Value>(reader));
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
        for (std::size_t i = 0; i < count; ++i) {
            if (!Builtin<T>::well_formed(elements[i])) return false;
        }
        return true;
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

}  // namespace procession::inline v0::detail::codec
