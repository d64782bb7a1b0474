// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include "procession/detail/codec/signature.h"

// What makes a class a container: its functions. So the headers of the standard containers need not
// be included here.

namespace procession::inline v0 {

/// Whether a class that is not of the standard library is a container and nothing else: its
/// elements are all that a receiver needs. Then it is passed like the standard container with the
/// same functions. For example:
///
///     template <class T>
///     inline constexpr bool procession::is_container<boost::container::deque<T>> = true;
template <class T>
inline constexpr bool is_container = false;

namespace detail::codec {

template <class T>
concept Container = std::is_class_v<T> && (is_container<T> || is_standard<T>()) &&
                    std::default_initializable<T> && requires(const T& container) {
                        typename T::value_type;
                        container.begin() != container.end();
                    };

/// A deque or list.
template <class T>
concept GrowingSequence = Container<T> && requires(T& sequence, typename T::value_type value) {
    sequence.push_back(std::move(value));
    { std::as_const(sequence).size() } -> std::convertible_to<std::size_t>;
};

template <class T>
concept SinglyLinkedList = Container<T> && requires(T& list, typename T::value_type value) {
    list.insert_after(list.before_begin(), std::move(value));
};

template <class T>
concept KeyedContainer = Container<T> && requires(const T& container) {
    typename T::key_type;
    { container.size() } -> std::convertible_to<std::size_t>;
};

template <class T>
concept MapOfKeys = KeyedContainer<T> &&
                    requires(T& map, typename T::key_type key, typename T::mapped_type mapped) {
                        map.emplace_hint(map.end(), std::move(key), std::move(mapped));
                    };

template <class T>
concept SetOfKeys = KeyedContainer<T> && !requires {
    typename T::mapped_type;
} && requires(T& set, typename T::key_type key) { set.insert(set.end(), std::move(key)); };

}  // namespace detail::codec
}  // namespace procession::inline v0
