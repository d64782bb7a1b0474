// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <type_traits>

#include "procession/detail/codec/classes.h"
#include "procession/detail/codec/refusals.h"

// Whole messages: a format and its bytes.

namespace procession::inline v0 {

template <class T>
void encode(Writer& writer, const T& value) {
    if constexpr (detail::codec::require_passable<T>()) detail::codec::put<T>(writer, value);
}

template <class T>
T decode(Reader& reader) {
    if constexpr (detail::codec::require_passable<T>()) {
        return detail::codec::take<T>(reader);
    } else {
        reader.fail("this type cannot cross");
    }
}

namespace detail::codec {

/// U[]: arrays of any length.
template <class T>
consteval Format format_of() {
    if constexpr (std::is_unbounded_array_v<T>) {
        return format_of<std::remove_extent_t<T>>();
    } else if constexpr (!require_passable<T>()) {
        return Format::buffer;
    } else if constexpr (HasCodec<T>) {
        return is_procession_object<T>() ? Format::msgpack : Format::user;
    } else {
        return Builtin<T>::raw ? Format::raw : Format::msgpack;
    }
}

template <class T>
std::string build_signature() {
    if constexpr (std::is_unbounded_array_v<T>) {
        return build_signature<std::remove_extent_t<T>>() + "[]";
    } else {
        Signature signature;
        if constexpr (format_of<T>() == Format::raw) {
            signature.set_raw();
            signature << "raw:";
        }
        if constexpr (Passable<T>) describe<T>(signature);
        return signature.text();
    }
}

[[noreturn]] inline void refuse_format(Format found, const std::string& object) {
    std::string message = "the message is in format " +
                          std::to_string(static_cast<unsigned>(found)) +
                          ", which is not the format of this type";
    if (found == Format::pickle || found == Format::buffer) {
        message = std::string("the message is a Python ") +
                  (found == Format::pickle ? "pickle" : "buffer") +
                  ", which only Python reads: send it MessagePack-encoded";
    }
    throw DecodeError("decode", object, message);
}

template <class T>
bool is_well_formed(const T& object) {
    if constexpr (Builtin<T>::any_bytes_are_one) {
        return true;
    } else {
        return Builtin<T>::well_formed(object);
    }
}

template <class T>
T decode_raw(std::span<const std::byte> bytes, const std::string& object) {
    if (bytes.size() != sizeof(T)) {
        throw DecodeError("decode", object,
                          "expected " + std::to_string(sizeof(T)) + " bytes, found " +
                              std::to_string(bytes.size()));
    }
    RawCopy<T> copy(bytes);
    if (!is_well_formed(copy.object())) {
        throw DecodeError("decode", object, "expected a bool of 0 or 1, found another byte");
    }
    return std::move(copy.object());
}

}  // namespace detail::codec

/// The format of a T that is a whole message.
template <class T>
inline constexpr Format format_of = detail::codec::format_of<T>();

/// The wire format of a T as text: "raw:{u32,f64}#16", "[str,u64,vec<f64>]", "user:mylib::Type".
///
/// Equal types have equal signatures in all programs that were built by compatible compilers; types
/// with the same structure have the same signature. The string is valid as long as the program
/// runs. The function takes no lock, so a child may call it even if another thread was executing it
/// at the time of the fork.
template <class T>
const std::string& type_signature() {
    static constinit std::atomic<const std::string*> cached{nullptr};
    // acquire: pairs with the release below, so that a thread that sees the pointer sees the string
    if (const std::string* found = cached.load(std::memory_order_acquire)) return *found;
    auto built = std::make_unique<const std::string>(detail::codec::build_signature<T>());
    const std::string* first = nullptr;
    if (cached.compare_exchange_strong(first, built.get(), std::memory_order_acq_rel,
                                       std::memory_order_acquire)) {
        return *built.release();
    }
    return *first;
}

/// The identity of T, to be compared with the one stored in a shared object.
template <class T>
[[nodiscard]] TypeStamp type_stamp() {
    const std::string& signature = type_signature<T>();
    return {format_of<T>, stamp_hash(format_of<T>, signature), signature};
}

/// Encodes a value as the bytes of one message.
///
/// Returns:    a raw type's own bytes, without a copy; otherwise the contents of `scratch`, which
///             is cleared first. Valid until `value` or `scratch` changes.
/// Throws:     EncodeError; `format` is set even then.
template <class T>
[[nodiscard]] std::span<const std::byte> encode_message(const T& value, Writer& scratch,
                                                        Format& format) {
    format = format_of<T>;
    scratch.clear();
    if constexpr (format_of<T> == Format::raw) {
        return std::as_bytes(std::span(&value, 1));
    } else {
        if constexpr (Passable<T>) detail::codec::put<T>(scratch, value);
        return scratch.bytes();
    }
}

/// Decodes a T from the bytes of one message.
///
/// Throws:     DecodeError if the bytes are not a T, if further bytes follow the value, or if
///             `format` is not the format of T.
template <class T>
[[nodiscard]] T decode_message(Format format, std::span<const std::byte> bytes) {
    const std::string& object = type_signature<T>();
    if (format != format_of<T>) detail::codec::refuse_format(format, object);
    if constexpr (format_of<T> == Format::raw) {
        return detail::codec::decode_raw<T>(bytes, object);
    } else if constexpr (Passable<T>) {
        Reader reader(bytes, object);
        T value = detail::codec::take<T>(reader);
        reader.expect_end();
        return value;
    }
}

}  // namespace procession::inline v0
