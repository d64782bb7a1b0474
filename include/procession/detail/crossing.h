// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "procession/codec.h"
#include "procession/detail/launch.h"
#include "procession/process_options.h"
#include "procession/start_method.h"

/// How a callable and its arguments are passed to a child: the templates behind the constructors of
/// Process.

namespace procession::inline v0 {

class Process;

template <class T>
concept NamesStartMethod = std::same_as<T, fork_t> || std::same_as<T, spawn_t> ||
                           std::same_as<T, forkserver_t> || std::same_as<T, StartMethod>;

/// The types of arguments that Process takes for the callable.
template <class T>
concept StartsWithCallable =
    !NamesStartMethod<std::decay_t<T>> && !std::same_as<std::remove_cvref_t<T>, ProcessOptions> &&
    !std::same_as<std::remove_cvref_t<T>, Process>;

}  // namespace procession::inline v0

namespace procession::inline v0::detail::process {

template <class T>
concept FunctionPointer = std::is_pointer_v<T> && std::is_function_v<std::remove_pointer_t<T>>;

/// Nothing to encode: a lambda without captures, a functor without fields.
template <class T>
concept Stateless = std::is_empty_v<T> && std::is_default_constructible_v<T>;

/// The type that an argument of type T has in the child: decayed as by std::thread. A string
/// literal, or another pointer to characters, as argv[1], becomes a std::string, because its
/// address means nothing in another process.
template <class T>
struct ArrivesAs {
    using type = std::decay_t<T>;
};
template <class T>
    requires std::is_pointer_v<std::decay_t<T>> &&
             std::same_as<std::remove_cv_t<std::remove_pointer_t<std::decay_t<T>>>, char>
struct ArrivesAs<T> {
    using type = std::string;
};
template <class T>
using Arrived = typename ArrivesAs<T>::type;

template <class T>
concept Crosses = FunctionPointer<T> || Stateless<T> || Passable<T>;

template <class F, class... Args>
concept Runnable = std::invocable<Arrived<F>&, Arrived<Args>...>;

template <class F, class... Args>
inline constexpr bool spawnable =
    Crosses<Arrived<F>> && (Crosses<Arrived<Args>> && ...) && Runnable<F, Args...>;

/// Causes a compile error with the reason unless T can be passed to another process.
template <class T>
consteval bool require_crossing() {
    if constexpr (Crosses<T>) {
        return true;
    } else {
        return codec::require_passable<T>();
    }
}

template <class F, class... Args>
consteval void require_spawnable() {
    static_assert(
        Crosses<Arrived<F>>,
        "procession: this callable cannot be rebuilt in a spawned process. Use a function, "
        "a lambda without captures, or an object whose fields are all passable; mp::fork "
        "takes any callable");
    static_assert((Crosses<Arrived<Args>> && ...),
                  "procession: an argument of this Process cannot be rebuilt in a spawned process; "
                  "the error beside this one says why and what to do. mp::fork takes any argument");
    static_assert(require_crossing<Arrived<F>>());
    static_assert((require_crossing<Arrived<Args>>() && ...));
    static_assert(
        Runnable<F, Args...>,
        "procession: the callable does not take these arguments. As with std::thread it is "
        "called with copies, so a parameter of type T& must be a T or a const T&");
}

template <class T>
void encode_crossing(Writer& writer, const T& value) {
    if constexpr (FunctionPointer<T>) {
        encode(writer, ref_to(reinterpret_cast<AnyFunction>(value)));
    } else if constexpr (!Stateless<T>) {
        encode(writer, value);
    }
}

template <class T>
T decode_crossing(Reader& reader) {
    if constexpr (FunctionPointer<T>) {
        return reinterpret_cast<T>(function_of(decode<FunctionRef>(reader)));
    } else if constexpr (Stateless<T>) {
        return T{};
    } else {
        return decode<T>(reader);
    }
}

template <class T, class Given>
decltype(auto) as_arrived(const Given& given) {
    if constexpr (std::same_as<T, Given>) {
        return (given);
    } else {
        if constexpr (std::is_array_v<Given> && std::same_as<T, std::string>) {
            // It need not end with a zero.
            std::size_t length = 0;
            while (length < std::extent_v<Given> && given[length] != 0) ++length;
            return T(given, length);
        } else if constexpr (std::is_pointer_v<Given> && std::same_as<T, std::string>) {
            if (given == nullptr) {
                throw ValueError("start", "a process", "an argument is a null pointer, not a text");
            }
            return T(given);
        } else {
            return T(given);
        }
    }
}

/// Decodes the callable and its arguments in a spawned child, and calls it. The parent sends a
/// FunctionRef to this function.
template <class F, class... Args>
void spawned_child(Reader& reader, void (*rebuilt)()) {
    F callable = decode_crossing<F>(reader);
    // Braces, because they evaluate from left to right, the order in which the parent encoded.
    std::tuple<Args...> arguments{decode_crossing<Args>(reader)...};
    reader.expect_end();
    rebuilt();
    static_cast<void>(std::apply(callable, std::move(arguments)));
}

template <class F, class... Args>
std::shared_ptr<ChildRecord> spawn_with(StartMethod method, const ProcessOptions& options,
                                        const F& callable, const Args&... arguments) {
    const auto encode_all = [&](Writer& writer) {
        encode_crossing<Arrived<F>>(writer, as_arrived<Arrived<F>>(callable));
        (encode_crossing<Arrived<Args>>(writer, as_arrived<Arrived<Args>>(arguments)), ...);
    };
    using EncodeAll = decltype(encode_all);
    const SpawnBody body{&spawned_child<Arrived<F>, Arrived<Args>...>,
                         [](Writer& writer, const void* context) {
                             (*static_cast<const EncodeAll*>(context))(writer);
                         },
                         &encode_all};
    return start_afresh(method, options, body);
}

template <class F, class... Args>
std::shared_ptr<ChildRecord> fork_with(const ProcessOptions& options, F& callable,
                                       Args&&... arguments) {
    auto run = [&] {
        // Uses the caller's objects themselves: the child has copies of its own.
        if constexpr (std::invocable<F&, Args&&...>) {
            // <functional>, for std::invoke, takes long to parse.
            static_cast<void>(
                std::apply(callable, std::forward_as_tuple(std::forward<Args>(arguments)...)));
        } else {
            static_assert(Runnable<F, Args...>,
                          "procession: the callable does not take these arguments");
            Arrived<F> own(callable);
            static_cast<void>(
                std::apply(own, std::tuple<Arrived<Args>...>(std::forward<Args>(arguments)...)));
        }
    };
    using Run = decltype(run);
    return start_fork(options, {[](void* context) { (*static_cast<Run*>(context))(); }, &run});
}

}  // namespace procession::inline v0::detail::process
