// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>

namespace procession::inline v0::detail::base {

/// A text of at most `max` bytes that allocates nothing: for what is said when there is no memory.
/// More is cut off.
template <std::size_t max>
class FixedString {
  public:
    constexpr FixedString() noexcept = default;
    constexpr explicit FixedString(std::string_view text) noexcept { append(text); }

    constexpr FixedString& append(std::string_view text) noexcept {
        const std::size_t taken = std::min(text.size(), max - size_);
        std::copy_n(text.begin(), taken, text_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += taken;
        return *this;
    }
    template <class Predicate>
    constexpr void replace_if(Predicate predicate, char with) noexcept {
        std::replace_if(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(size_),
                        predicate, with);
    }

    [[nodiscard]] constexpr bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] constexpr const char* c_str() const noexcept { return text_.data(); }
    /// Valid as long as this object.
    // NOLINTNEXTLINE(google-explicit-constructor)  it is a text
    constexpr operator std::string_view() const noexcept { return {text_.data(), size_}; }
    friend constexpr bool operator==(const FixedString& a, std::string_view b) noexcept {
        return std::string_view(a) == b;
    }

  private:
    std::array<char, max + 1> text_{};
    std::size_t size_ = 0;
};

}  // namespace procession::inline v0::detail::base
