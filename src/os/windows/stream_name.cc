// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/stream_name.h"

#include <array>
#include <charconv>
#include <span>
#include <string_view>

#include "base/hexadecimal.h"
#include "os/random.h"
#include "os/windows/pipe.h"

namespace procession::inline v0::detail::os {

namespace {

constexpr std::wstring_view kOurs = L"procession-stream-";
constexpr std::size_t kDigits = 32;

std::uint64_t number_in(std::string_view digits) noexcept {
    std::uint64_t number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number, 16);
    return number;
}

}  // namespace

bool is_nameless_pipe(NativeHandle handle) {
    return ::GetFileType(handle) == FILE_TYPE_PIPE && name_of_pipe(handle).empty();
}

std::optional<StreamName> StreamName::fresh() {
    std::array<std::byte, kDigits / 2> random;
    if (fill_random(random)) return std::nullopt;
    return StreamName(base::hexadecimal(random), true);
}

std::optional<StreamName> StreamName::of(NativeHandle end, std::string_view label) {
    if (::GetFileType(end) != FILE_TYPE_PIPE) return std::nullopt;
    const std::wstring name = name_of_pipe(end);
    const std::wstring prefix = pipe_name_prefix + std::wstring(kOurs);
    bool is_server = is_server_end(end);
    std::string digits;
    if (name.empty()) {
        digits = label.substr(0, kDigits);
        is_server = label.ends_with('s');
    } else if (name.starts_with(prefix)) {
        digits = utf8_of(std::wstring_view(name).substr(prefix.size()));
    }
    const bool are_digits = digits.find_first_not_of("0123456789abcdef") == std::string::npos;
    if (digits.size() != kDigits || !are_digits) return std::nullopt;
    return StreamName(std::move(digits), is_server);
}

std::wstring StreamName::pipe() const {
    return pipe_name_prefix + std::wstring(kOurs) + utf16_of(digits_);
}
std::wstring StreamName::section() const {
    return L"Local\\" + std::wstring(kOurs) + utf16_of(digits_);
}

FileIdentity StreamName::identity() const noexcept {
    const std::string_view digits(digits_);
    // The lowest bit distinguishes the two ends.
    const std::uint64_t low = number_in(digits.substr(kDigits / 2)) & ~std::uint64_t{1};
    return {number_in(digits.substr(0, kDigits / 2)), low | (is_server_ ? 1 : 0)};
}

}  // namespace procession::inline v0::detail::os
