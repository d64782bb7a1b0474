// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iterator>
#include <utility>

// std::ranges::input_range and its kin are in <ranges>, which takes long to parse.

namespace procession::inline v0::detail {

template <class Range>
using IteratorOf = decltype(std::ranges::begin(std::declval<Range&>()));
template <class Range>
using ReferenceOf = std::iter_reference_t<IteratorOf<Range>>;

template <class Range>
concept InputRange =
    std::input_iterator<IteratorOf<Range>> && requires(Range& range) { std::ranges::end(range); };
template <class Range>
concept SizedRange = requires(Range& range) { std::ranges::size(range); };

}  // namespace procession::inline v0::detail
