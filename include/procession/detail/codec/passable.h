// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

#include "procession/detail/codec/core.h"
#include "procession/detail/codec/listed_fields.h"
#include "procession/detail/codec/reflect.h"

namespace procession::inline v0 {

/// Whether the object bytes of a trivially copyable class have the same meaning in another process,
/// so that it can be passed as those bytes: there are no pointers, no descriptors, and no padding
/// that matters. The author of the class says so, since the library cannot see the fields of a
/// class with private members, constructors or base classes, and cannot know which field of a union
/// is active:
///
///     template <>
///     inline constexpr bool procession::is_raw_bytes<Color> = true;
template <class T>
inline constexpr bool is_raw_bytes = false;

namespace detail::codec {

/// Why a type cannot be passed to another process.
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

/// The compiler's name of a lambda ends with its parameter list.
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

/// Why a class without a built-in encoding cannot be passed. Does not consider its fields.
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
    } else if constexpr (is_standard<T>()) {
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
concept PlainClass = (std::is_class_v<T> || std::is_union_v<T>) && !ListsFields<T> &&
                     why_no_class<T>() == Why::nothing;

template <class T>
concept PlainAggregate =
    PlainClass<T> && std::is_aggregate_v<T> && !std::is_union_v<T> && !is_raw_bytes<T>;

/// Whether T is trivially copyable and completely described by its object bytes: is_raw_bytes says
/// so, or it is empty.
template <class T>
concept OpaqueClass = PlainClass<T> && !PlainAggregate<T>;

/// The first reason found in a type or in a part of it, and the type that has it.
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

// A type that is being judged already is not judged again, so that recursive types do not recurse
// for ever.
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

}  // namespace detail::codec

/// T can be passed to another process: as an element, a message or an argument.
template <class T>
concept Passable = detail::codec::VerdictOn<T>::why == detail::codec::Why::nothing;

/// T is, or contains, one of this library's own handles (a Queue, a Connection, ...).
template <class T>
inline constexpr bool holds_procession_object =
    detail::codec::Judge<std::remove_cv_t<T>>::holds_object();

}  // namespace procession::inline v0
