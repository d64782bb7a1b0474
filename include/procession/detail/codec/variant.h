// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "procession/detail/codec/signature.h"

namespace procession::inline v0::detail::codec {

template <>
struct Builtin<std::monostate> : BuiltinDefaults {
    static constexpr bool may_be_nil = true;
    static void describe(Signature& signature) { signature << "nil"; }
    static void encode(Writer& writer, std::monostate) { writer.nil(); }
    static std::monostate decode(Reader& reader) {
        reader.nil();
        return {};
    }
};

/// The array [index, value].
template <class... T>
struct Builtin<std::variant<T...>> : BuiltinDefaults {
    using Parts = Types<T...>;
    using Variant = std::variant<T...>;

    static void describe(Signature& signature) {
        signature << "var<";
        describe_all(signature, Parts{});
        signature << ">";
    }
    static void encode(Writer& writer, const Variant& variant) {
        if (variant.valueless_by_exception()) {
            throw EncodeError("encode", "std::variant", "the variant is valueless");
        }
        const Writer::Nested nested(writer);
        writer.array(2);
        writer.integer(variant.index());
        std::visit([&]<class V>(const V& value) { put<V>(writer, value); }, variant);
    }
    static Variant decode(Reader& reader) {
        const Reader::Nested nested(reader);
        reader.array_of(2);
        const std::size_t start = reader.position();
        const auto index = reader.integer<std::uint64_t>();
        if (index >= sizeof...(T)) {
            reader.unexpected("an index below " + std::to_string(sizeof...(T)),
                              std::to_string(index), start);
        }
        return take_alternative<0>(reader, index);
    }

  private:
    template <std::size_t i>
    static Variant take_alternative(Reader& reader, std::uint64_t index) {
        if constexpr (i + 1 < sizeof...(T)) {
            if (index != i) return take_alternative<i + 1>(reader, index);
        }
        using Value = std::remove_cv_t<std::variant_alternative_t<i, Variant>>;
        return Variant(std::in_place_index<i>, take<Value>(reader));
    }
};

}  // namespace procession::inline v0::detail::codec
