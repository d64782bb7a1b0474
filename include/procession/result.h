// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <type_traits>
#include <utility>
#include <variant>

namespace procession::inline v0 {

/// A value, or the reason why there is none. A strict subset of `std::expected`.
///
/// `value()` without a value, and `error()` without an error, are programmer errors and abort the
/// process: check `has_value()` first. The error enumeration of each function lists all reasons.
template <class T, class E>
class [[nodiscard]] Result {
    static_assert(!std::is_same_v<T, E>,
                  "the value and the error of a Result must be of different types");
    using Stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

  public:
    using value_type = T;
    using error_type = E;

    Result()
        requires std::is_void_v<T>
        : state_(std::in_place_index<0>) {}
    template <class U = Stored>
        requires(!std::is_void_v<T> && std::is_constructible_v<Stored, U> &&
                 !std::is_same_v<std::remove_cvref_t<U>, E> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Result>)
    Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT
    Result(E error) : state_(std::in_place_index<1>, error) {}                     // NOLINT

    [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
    explicit operator bool() const noexcept { return has_value(); }

    [[nodiscard]] Stored& value() & { return *get_value(); }
    [[nodiscard]] const Stored& value() const& { return *get_value(); }
    [[nodiscard]] Stored&& value() && { return std::move(*get_value()); }
    [[nodiscard]] Stored& operator*() & { return value(); }
    [[nodiscard]] const Stored& operator*() const& { return value(); }
    [[nodiscard]] Stored&& operator*() && { return std::move(*this).value(); }
    [[nodiscard]] Stored* operator->() { return get_value(); }
    [[nodiscard]] const Stored* operator->() const { return get_value(); }

    [[nodiscard]] E error() const {
        if (has_value()) misused("error() of a Result that holds a value");
        return *std::get_if<1>(&state_);
    }

  private:
    [[noreturn]] static void misused(const char* how) {
        std::fprintf(stderr, "procession: %s\n", how);
        std::abort();
    }
    Stored* get_value() {
        if (!has_value()) misused("value() of a Result that holds an error");
        return std::get_if<0>(&state_);
    }
    const Stored* get_value() const {
        if (!has_value()) misused("value() of a Result that holds an error");
        return std::get_if<0>(&state_);
    }

    std::variant<Stored, E> state_;
};

}  // namespace procession::inline v0
