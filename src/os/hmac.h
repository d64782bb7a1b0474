// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace procession::inline v0::detail::os {

/// The HMAC of `message`, with a digest that has CPython's name: sha256, sha384, sha3_256 or
/// sha3_384. It is computed by the system's own library: OpenSSL's libcrypto on Linux, CNG on
/// Windows.
/// Returns: nothing for any other digest, or for one that the system does not have.
[[nodiscard]] std::optional<std::string> hmac(std::string_view digest, std::string_view key,
                                              std::string_view message);

/// Compares two secrets in a time that depends only on their lengths.
[[nodiscard]] bool constant_time_equal(std::string_view one, std::string_view other) noexcept;

}  // namespace procession::inline v0::detail::os
