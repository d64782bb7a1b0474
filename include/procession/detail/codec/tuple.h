// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <tuple>
#include <type_traits>
#include <utility>

#include "procession/detail/codec/signature.h"

// Pairs and tuples: a MessagePack array of their parts, like a struct of them.

namespace procession::inline v0::detail::codec {

template <class Product, class... T>
struct ProductCodec : BuiltinDefaults {
    using Parts = Types<T...>;
    static void describe(Signature& signature) {
        signature << "[";
        describe_all(signature, Parts{});
        signature << "]";
    }
    static void encode(Writer& writer, const Product& product) {
        const Writer::Nested nested(writer);
        writer.array(sizeof...(T));
        std::apply([&](const T&... part) { (put<std::remove_cv_t<T>>(writer, part), ...); },
                   product);
    }
    static Product decode(Reader& reader) {
        const Reader::Nested nested(reader);
        reader.array_of(sizeof...(T));
        return Product{take<std::remove_cv_t<T>>(reader)...};
    }
};

template <class First, class Second>
struct Builtin<std::pair<First, Second>> : ProductCodec<std::pair<First, Second>, First, Second> {};

template <class... T>
struct Builtin<std::tuple<T...>> : ProductCodec<std::tuple<T...>, T...> {};

}  // namespace procession::inline v0::detail::codec
