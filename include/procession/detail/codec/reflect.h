// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

#include "procession/detail/codec/fields.h"

namespace procession::inline v0::detail::codec {

// How many fields does an aggregate have? There are three ways to count:
//  - by how many {} can initialise it. Right unless a field has no default constructor.
//  - by how many {any} can, where `any` converts to every type. Right unless a field is an empty
//    struct, a unique_ptr, or has only explicit constructors.
//  - by how many `any` without braces can. Right unless a field is an array, which takes several.
// The second is asked only where the first has no answer, the third only where neither has one:
// Clang would instantiate the copy constructor of a vector of a move-only type, if it were asked.
// So a field that has an initialiser, but whose type has no default constructor, is not counted
// behind others that have both. A wrong number causes a compile error where the fields are bound,
// never a wrong encoding. All numbers must be tried: fewer values than fields cannot initialise an
// aggregate whose last fields have no default constructor.

template <class T>
struct AnyField {
    template <class U>
        requires(!std::is_same_v<U, T>)
    // NOLINTNEXTLINE(google-explicit-constructor)  it probes
    operator U() const;
};

template <class T>
struct AnyBaseOf {
    template <class U>
        requires(std::is_base_of_v<U, T> && !std::is_same_v<U, T>)
    // NOLINTNEXTLINE(google-explicit-constructor)  it probes
    operator U() const;
};

template <class T, std::size_t... i>
consteval bool takes_any(std::index_sequence<i...>) {
    return requires { T{{(static_cast<void>(i), AnyField<T>{})}...}; };
}

template <class T, std::size_t... i>
consteval bool takes_flat(std::index_sequence<i...>) {
    return requires { T{(static_cast<void>(i), AnyField<T>{})...}; };
}

template <class T, std::size_t... i>
consteval bool takes_base(std::index_sequence<i...>) {
    return requires { T{AnyBaseOf<T>{}, {(static_cast<void>(i), AnyField<T>{})}...}; } ||
           requires { T{AnyBaseOf<T>{}, (static_cast<void>(i), AnyField<T>{})...}; };
}

template <class T, std::size_t n = 0>
consteval std::size_t count_by_empty() {
    if constexpr (n > fields_max || !takes_empty<T>(Count<n + (n <= fields_max)>{})) {
        return n;
    } else {
        return count_by_empty<T, n + 1>();
    }
}

template <class T, std::size_t... i>
consteval std::size_t count_by_any(std::index_sequence<i...>) {
    std::size_t most = 0;
    ((most = takes_any<T>(std::make_index_sequence<i>{}) ? i : most), ...);
    return most;
}

template <class T, std::size_t... i>
consteval std::size_t count_flat(std::index_sequence<i...>) {
    std::size_t most = 0;
    ((most = takes_flat<T>(std::make_index_sequence<i>{}) ? i : most), ...);
    return most;
}

template <class T>
consteval std::size_t count_fields() {
    using UpToOneTooMany = std::make_index_sequence<fields_max + 2>;
    if constexpr (constexpr std::size_t by_empty = count_by_empty<T>(); by_empty != 0) {
        return by_empty;
    } else if constexpr (constexpr std::size_t by_any = count_by_any<T>(UpToOneTooMany{});
                         by_any == 0 && !std::is_empty_v<T>) {
        return count_flat<T>(UpToOneTooMany{});
    } else {
        return by_any;
    }
}

/// fields_max + 1 means "more than fields_max".
template <class T>
inline constexpr std::size_t field_count = count_fields<T>();

template <class T>
inline constexpr bool fields_can_be_counted = field_count<T> != 0 || std::is_empty_v<T>;

/// The first initialisers of an aggregate go to its base classes.
template <class T>
consteval bool has_base_class() {
    if constexpr (field_count<T> == 0 || std::is_final_v<T>) {
        return field_count<T> != 0 && takes_base<T>(std::index_sequence<>{});
    } else {
        return takes_base<T>(std::index_sequence<>{}) ||
               takes_base<T>(std::make_index_sequence<field_count<T> - 1>{});
    }
}

/// Calls visit(Types<...>, fields...) with the fields of an aggregate, in order.
template <class T, class Visit>
constexpr decltype(auto) visit_fields(T& object, Visit&& visit) {
    return with_fields(Count<field_count<std::remove_cv_t<T>>>{}, object,
                       std::forward<Visit>(visit));
}

struct TypesOnly {
    template <class... Field, class... Value>
    constexpr Types<Field...> operator()(Types<Field...> types, const Value&...) const {
        return types;
    }
};

/// The declared types of its fields, with const and references.
template <class T>
using FieldTypes = decltype(visit_fields(std::declval<T&>(), TypesOnly{}));

}  // namespace procession::inline v0::detail::codec
