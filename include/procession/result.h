// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <type_traits>
#include <utility>
#if __cplusplus > 202002L
#include <expected>
#endif

namespace procession::inline v0 {

namespace detail {
/// The value of a Result<void, E>.
struct NoValue {
    friend bool operator==(NoValue, NoValue) = default;
};
}  // namespace detail

/// A value, or the reason why there is none. A subset of `std::expected`, to which it converts
/// where there is one (C++23).
///
/// `value()` without a value, and `error()` without an error, are programmer errors and abort the
/// process: check `has_value()` first. The error enumeration of each function lists all reasons.
template <class T, class E>
class [[nodiscard]] Result {
    static_assert(!std::is_same_v<T, E>,
                  "the value and the error of a Result must be of different types");
    using Stored = std::conditional_t<std::is_void_v<T>, detail::NoValue, T>;

  public:
    using value_type = T;
    using error_type = E;

    Result()
        requires std::is_void_v<T>
        : value_(std::in_place) {}
    template <class U = Stored>
        requires(!std::is_void_v<T> && std::is_constructible_v<Stored, U> &&
                 !std::is_same_v<std::remove_cvref_t<U>, E> &&
                 !std::is_same_v<std::remove_cvref_t<U>, Result>)
    Result(U&& value) : value_(std::in_place, std::forward<U>(value)) {}  // NOLINT
    Result(E error) : error_(error) {}                                    // NOLINT

    [[nodiscard]] bool has_value() const noexcept { return value_.has_value(); }
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
        return error_;
    }

    /// The value, or else `fallback`.
    template <class U>
    [[nodiscard]] Stored value_or(U&& fallback) const&
        requires(!std::is_void_v<T> && std::is_constructible_v<Stored, U>)
    {
        return has_value() ? **this : static_cast<Stored>(std::forward<U>(fallback));
    }
    template <class U>
        [[nodiscard]] Stored value_or(U&& fallback) &&
        requires(!std::is_void_v<T> && std::is_constructible_v<Stored, U>) {
            return has_value() ? *std::move(*this) : static_cast<Stored>(std::forward<U>(fallback));
        }
        /// A Result of work(value), or of work() if T is void; the error as it is.
        template <class Work>
        [[nodiscard]] auto transform(Work&& work) const& {
        return transformed(*this, std::forward<Work>(work));
    }
    template <class Work>
    [[nodiscard]] auto transform(Work&& work) && {
        return transformed(std::move(*this), std::forward<Work>(work));
    }
    /// The same for work that returns a Result with the same type of error, which is returned.
    template <class Work>
    [[nodiscard]] auto and_then(Work&& work) const& {
        return chained(*this, std::forward<Work>(work));
    }
    template <class Work>
    [[nodiscard]] auto and_then(Work&& work) && {
        return chained(std::move(*this), std::forward<Work>(work));
    }

    friend bool operator==(const Result& a, const Result& b)
        requires std::equality_comparable<Stored>
    = default;
    /// Whether it holds this value, or this error.
    template <class U>
    friend bool operator==(const Result& result, const U& value)
        requires(!std::is_void_v<T> && !std::is_same_v<U, Result> && !std::is_same_v<U, E> &&
                 requires(const Stored& stored) {
                     { stored == value } -> std::convertible_to<bool>;
                 })
    {
        return result.has_value() && *result == value;
    }
    friend bool operator==(const Result& result, E error) {
        return !result.has_value() && result.error() == error;
    }

#ifdef __cpp_lib_expected
    // NOLINTNEXTLINE(google-explicit-constructor)
    operator std::expected<T, E>() const&
        requires(std::is_void_v<T> || std::copy_constructible<Stored>)
    {
        return expected_of(*this);
    }
    // NOLINTNEXTLINE(google-explicit-constructor)
    operator std::expected<T, E>() && { return expected_of(std::move(*this)); }
#endif

  private:
    // Calls work(*self), or work() where there is no value to pass.
    template <class Self, class Work>
    static decltype(auto) call(Self&& self, Work&& work) {
        if constexpr (std::is_void_v<T>) {
            return std::forward<Work>(work)();
        } else {
            return std::forward<Work>(work)(*std::forward<Self>(self));
        }
    }
    template <class Self, class Work>
    static auto transformed(Self&& self, Work&& work) {
        using Returned = decltype(call(std::forward<Self>(self), std::forward<Work>(work)));
        using Next = Result<std::remove_cvref_t<Returned>, E>;
        if (!self.has_value()) return Next(self.error());
        if constexpr (std::is_void_v<Returned>) {
            call(std::forward<Self>(self), std::forward<Work>(work));
            return Next();
        } else {
            return Next(call(std::forward<Self>(self), std::forward<Work>(work)));
        }
    }
    template <class Self, class Work>
    static auto chained(Self&& self, Work&& work) {
        using Next =
            std::remove_cvref_t<decltype(call(std::forward<Self>(self), std::forward<Work>(work)))>;
        static_assert(std::is_same_v<typename Next::error_type, E>,
                      "the function must return a Result with the same type of error");
        if (!self.has_value()) return Next(self.error());
        return Next(call(std::forward<Self>(self), std::forward<Work>(work)));
    }
#ifdef __cpp_lib_expected
    template <class Self>
    static std::expected<T, E> expected_of(Self&& self) {
        if (!self.has_value()) return std::unexpected(self.error());
        if constexpr (std::is_void_v<T>) {
            return {};
        } else {
            return *std::forward<Self>(self);
        }
    }
#endif
    [[noreturn]] static void misused(const char* how) {
        std::fprintf(stderr, "procession: %s\n", how);
        std::abort();
    }
    Stored* get_value() {
        if (!has_value()) misused("value() of a Result that holds an error");
        return &*value_;
    }
    const Stored* get_value() const {
        if (!has_value()) misused("value() of a Result that holds an error");
        return &*value_;
    }

    std::optional<Stored> value_;
    E error_{};
};

}  // namespace procession::inline v0
