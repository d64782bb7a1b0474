// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "procession/detail/codec/signature.h"

// Values that may be absent: nil, or the value. If the value itself may be nil (an optional of an
// optional), it is wrapped in an array of one element.

namespace procession::inline v0::detail::codec {

template <class T>
struct MaybeDefaults : BuiltinDefaults {
    using Parts = Types<T>;
    using Value = std::remove_cv_t<T>;
    static constexpr bool may_be_nil = true;

    static void describe(Signature& signature) {
        signature << "opt<";
        codec::describe<Value>(signature);
        signature << ">";
    }
    static void put_present(Writer& writer, const Value& value) {
        if constexpr (codec::may_be_nil<Value>()) {
            const Writer::Nested nested(writer);
            writer.array(1);
            put<Value>(writer, value);
        } else {
            put<Value>(writer, value);
        }
    }
    static Value take_present(Reader& reader) {
        if constexpr (codec::may_be_nil<Value>()) {
            const Reader::Nested nested(reader);
            reader.array_of(1);
            return take<Value>(reader);
        } else {
            return take<Value>(reader);
        }
    }
};

template <class T>
struct Builtin<std::optional<T>> : MaybeDefaults<T> {
    static void encode(Writer& writer, const std::optional<T>& maybe) {
        if (!maybe) return writer.nil();
        MaybeDefaults<T>::put_present(writer, *maybe);
    }
    static std::optional<T> decode(Reader& reader) {
        if (reader.skip_nil()) return std::nullopt;
        return std::optional<T>(std::in_place, MaybeDefaults<T>::take_present(reader));
    }
};

/// std::unique_ptr, but for arrays and with a deleter of its own.
template <class T>
concept UniquePointer = std::is_class_v<T> && is_standard<T>() && requires(const T& pointer) {
    typename T::deleter_type;
    *pointer;
} && type_name<typename T::deleter_type>().find("default_delete<") != std::string_view::npos;

/// std::shared_ptr, but for arrays.
template <class T>
concept SharedPointer = std::is_class_v<T> && is_standard<T>() && requires(const T& pointer) {
    typename T::element_type;
    *pointer;
    pointer.use_count();
};

/// Encoded as the object that it points to. Two pointers to one object become two objects.
template <class Pointer>
    requires(UniquePointer<Pointer> || SharedPointer<Pointer>)
struct Builtin<Pointer> : MaybeDefaults<typename Pointer::element_type> {
    using Base = MaybeDefaults<typename Pointer::element_type>;
    static void encode(Writer& writer, const Pointer& pointer) {
        if (!pointer) return writer.nil();
        Base::put_present(writer, *pointer);
    }
    static Pointer decode(Reader& reader) {
        if (reader.skip_nil()) return nullptr;
        return Pointer(new typename Base::Value(Base::take_present(reader)));
    }
};

}  // namespace procession::inline v0::detail::codec
