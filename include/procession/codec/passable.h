// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "procession/codec/core.h"
#include "procession/codec/reflect.h"

namespace procession {

/// Whether the object bytes of a trivially copyable class mean the same in another process, so
/// that it may cross as those bytes, whatever is in it: no pointers, no descriptors, no padding
/// that matters. Its author says so, since the fields of a class with private members, constructors
/// or base classes cannot be seen, and those of a union cannot be told apart:
///
///     template <>
///     inline constexpr bool procession::is_raw_bytes<Color> = true;
template <class T>
inline constexpr bool is_raw_bytes = false;

namespace codec {

/// Why a type cannot cross to another process.
enum class Why {
    nothing,  // it can
    pointer,
    function,
    reference,
    view,
    polymorphic,
    lambda,
    standard_class,
    base_class,
    too_many_fields,
    uncountable_fields,
    immovable_array_owner,
    immovable,
    iterator,
    unbounded_array,
    private_members,
    hidden_fields,
    not_a_value,
};

template <class T>
consteval bool is_view() {
    const std::string_view name = type_name<T>();
    return name.starts_with("std::span<") || name.starts_with("std::basic_string_view<") ||
           name.starts_with("std::reference_wrapper<") ||
           name.starts_with("std::initializer_list<");
}

/// A lambda's own name ends with its parameter list.
template <class T>
consteval bool is_lambda() {
    const std::string_view name = type_name<T>();
    return (name.find("<lambda(") != name.npos && name.ends_with(")>")) ||
           (name.find("(lambda at ") != name.npos && name.ends_with(")"));
}

/// Calendar types are plain numbers, though not aggregates.
template <class T>
consteval bool is_calendar() {
    const std::string_view name = type_name<T>();
    return name.starts_with("std::chrono::year") || name.starts_with("std::chrono::month") ||
           name.starts_with("std::chrono::day") || name.starts_with("std::chrono::weekday") ||
           name.starts_with("std::chrono::hh_mm_ss");
}

template <class... Field>
consteval bool any_array(Types<Field...>) {
    return (std::is_array_v<Field> || ...);
}

template <class... Field>
consteval bool any_const(Types<Field...>) {
    return (std::is_const_v<std::remove_all_extents_t<Field>> || ...);
}

template <class T>
consteval Why why_no_aggregate() {
    if constexpr (!fields_can_be_counted<T>) {
        return Why::uncountable_fields;
    } else if constexpr (has_base_class<T>()) {
        return Why::base_class;
    } else if constexpr (field_count<T> > fields_max) {
        return Why::too_many_fields;
    } else if constexpr (any_array(FieldTypes<T>{}) &&
                         (!std::is_default_constructible_v<T> || any_const(FieldTypes<T>{}))) {
        return Why::immovable_array_owner;
    } else {
        return Why::nothing;
    }
}

/// Why a class that this library has no encoding of its own for cannot cross. Its fields, if they
/// can be seen, are not looked at.
template <class T>
consteval Why why_no_class() {
    if constexpr (is_raw_bytes<T>) {
        static_assert(std::is_trivially_copyable_v<T>,
                      "procession: is_raw_bytes is for trivially copyable classes only");
        return Why::nothing;
    } else if constexpr (is_view<T>()) {
        return Why::view;
    } else if constexpr (is_calendar<T>()) {
        return Why::nothing;
    } else if constexpr (type_name<T>().starts_with("std::")) {
        return Why::standard_class;
    } else if constexpr (std::is_polymorphic_v<T>) {
        return Why::polymorphic;
    } else if constexpr (is_lambda<T>() && !std::is_empty_v<T>) {
        return Why::lambda;
    } else if constexpr (std::is_aggregate_v<T> && !std::is_union_v<T>) {
        return why_no_aggregate<T>();
    } else if constexpr (!std::is_move_constructible_v<T>) {
        return Why::immovable;
    } else if constexpr (!std::is_trivially_copyable_v<T>) {
        return Why::private_members;
    } else if constexpr (requires { typename T::iterator_category; }) {
        return Why::iterator;
    } else if constexpr (!std::is_empty_v<T>) {
        return Why::hidden_fields;
    } else {
        return Why::nothing;
    }
}

template <class T>
concept PlainClass =
    (std::is_class_v<T> || std::is_union_v<T>) && why_no_class<T>() == Why::nothing;

template <class T>
concept PlainAggregate =
    PlainClass<T> && std::is_aggregate_v<T> && !std::is_union_v<T> && !is_raw_bytes<T>;

/// Trivially copyable, and its object bytes are all there is to it: is_raw_bytes says so, or it is
/// empty.
template <class T>
concept OpaqueClass = PlainClass<T> && !PlainAggregate<T>;

/// The first reason found in a type or anything inside it, and the type that it is about.
template <class T, Why reason>
struct Verdict {
    using Culprit = T;
    static constexpr Why why = reason;
};

template <class T>
consteval Why why_no_builtin() {
    if constexpr (std::is_reference_v<T>) {
        return Why::reference;
    } else if constexpr (std::is_function_v<std::remove_pointer_t<T>> ||
                         std::is_member_pointer_v<T>) {
        return Why::function;
    } else if constexpr (std::is_pointer_v<T> || std::is_null_pointer_v<T>) {
        return Why::pointer;
    } else if constexpr (std::is_unbounded_array_v<T>) {
        return Why::unbounded_array;
    } else if constexpr (std::is_class_v<T> || std::is_union_v<T>) {
        return why_no_class<T>();
    } else {
        return Why::not_a_value;
    }
}

// Types being judged already are not judged again: that is how recursive types come to an end.
template <class T, class... Seen>
struct Judge {
    static constexpr auto verdict() {
        if constexpr (HasCodec<T> || (std::is_same_v<T, Seen> || ...)) {
            return Verdict<T, Why::nothing>{};
        } else if constexpr (HasBuiltin<T>) {
            return first_of(typename Builtin<T>::Parts{});
        } else {
            return Verdict<T, why_no_builtin<T>()>{};
        }
    }
    static constexpr auto first_of(Types<>) { return Verdict<T, Why::nothing>{}; }
    template <class First, class... Rest>
    static constexpr auto first_of(Types<First, Rest...>) {
        using Found = decltype(Judge<std::remove_cv_t<First>, T, Seen...>::verdict());
        if constexpr (Found::why != Why::nothing) {
            return Found{};
        } else {
            return first_of(Types<Rest...>{});
        }
    }
    static constexpr bool holds_object() {
        if constexpr (HasCodec<T>) {
            return is_procession_object<T>();
        } else if constexpr ((std::is_same_v<T, Seen> || ...) || !HasBuiltin<T>) {
            return false;
        } else {
            return []<class... Part>(Types<Part...>) {
                return (Judge<std::remove_cv_t<Part>, T, Seen...>::holds_object() || ...);
            }(typename Builtin<T>::Parts{});
        }
    }
};

template <class T>
using VerdictOn = decltype(Judge<std::remove_cv_t<T>>::verdict());

}  // namespace codec

/// T can cross to another process: as an element, a message or an argument.
template <class T>
concept Passable = codec::VerdictOn<T>::why == codec::Why::nothing;

/// T, or something inside it, is one of this library's own handles (a Queue, a Connection, ...).
template <class T>
inline constexpr bool holds_procession_object = codec::Judge<std::remove_cv_t<T>>::holds_object();

}  // namespace procession
