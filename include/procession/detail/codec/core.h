// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "procession/detail/codec/fields.h"
#include "procession/detail/codec/format.h"
#include "procession/detail/codec/reader.h"
#include "procession/detail/codec/writer.h"

namespace procession::inline v0 {

/// The encoding of a type of yours. Specialise it:
///
///     template <> struct procession::Codec<mylib::MyType> {
///         static constexpr std::string_view signature = "mylib::MyType";
///         static void encode(Writer& writer, const MyType& value);
///         static MyType decode(Reader& reader);
///     };
///
/// It takes precedence over every built-in encoding. `encode` must write exactly one MessagePack
/// object (an array, if there are several parts), because the value may be an element of a
/// container. `decode` reads it, and reports errors by `reader.fail()`. Both may use
/// `procession::encode` and `procession::decode<T>` for the parts. The specialisation must be
/// visible wherever the type is sent or received.
///
/// Optional members: `static std::string signature()` instead of the constant;
/// `static constexpr bool is_procession_object = true` for this library's own handles.
template <class T, class = void>
struct Codec;

/// Writes a value as one MessagePack object.
/// Throws:     EncodeError.
template <class T>
void encode(Writer& writer, const T& value);

/// Reads a value that `encode` wrote for a T.
/// Throws:     DecodeError.
template <class T>
[[nodiscard]] T decode(Reader& reader);

namespace detail::codec {

class Signature;

/// The built-in encoding of a type. A specialisation has
/// `encode(Writer&, const T&)`, `decode(Reader&)`, `describe(Signature&)` and these:
struct BuiltinDefaults {
    using Parts = Types<>;                           // the types found inside
    static constexpr bool raw = false;               // a message may be its object bytes
    static constexpr bool any_bytes_are_one = true;  // if raw: needs no check after a copy
    static constexpr bool may_be_nil = false;        // may its encoding be a nil?
};

template <class T>
struct Builtin;

template <class T>
concept HasCodec = requires { sizeof(Codec<T>); };

template <class T>
concept HasBuiltin = requires { sizeof(Builtin<T>); };

template <class T>
consteval bool is_procession_object() {
    if constexpr (requires { Codec<T>::is_procession_object; }) {
        return Codec<T>::is_procession_object;
    } else {
        return false;
    }
}

template <class T>
consteval bool is_raw() {
    if constexpr (HasCodec<T>) {
        return false;
    } else {
        return Builtin<T>::raw;
    }
}

template <class T>
consteval bool may_be_nil() {
    if constexpr (HasCodec<T>) {
        return true;  // it cannot be known
    } else {
        return Builtin<T>::may_be_nil;
    }
}

/// `encode` and `decode` for the parts of a type that is already known to be passable.
template <class T>
void put(Writer& writer, const T& value) {
    if constexpr (HasCodec<T>) {
        const Writer::Nested nested(writer);
        Codec<T>::encode(writer, value);
    } else {
        Builtin<T>::encode(writer, value);
    }
}

template <class T>
[[nodiscard]] T take(Reader& reader) {
    if constexpr (HasCodec<T>) {
        const Reader::Nested nested(reader);
        return Codec<T>::decode(reader);
    } else {
        return Builtin<T>::decode(reader);
    }
}

/// The compiler's name of a type, for classes that have no structure to show.
template <class T>
consteval std::string_view type_name() {
    const std::string_view whole = __PRETTY_FUNCTION__;
    const std::size_t start = whole.find("T = ") + 4;
    const std::size_t end = whole.rfind("; std::string_view = ");
    return whole.substr(start, (end == whole.npos ? whole.rfind(']') : end) - start);
}

/// Whether a class is of the standard library.
template <class T>
consteval bool is_standard() {
    return type_name<T>().starts_with("std::");
}

template <class T>
consteval bool is_byte_like() {
    return std::is_same_v<T, std::byte> || std::is_same_v<T, unsigned char> ||
           std::is_same_v<T, char>;
}

}  // namespace detail::codec
}  // namespace procession::inline v0
