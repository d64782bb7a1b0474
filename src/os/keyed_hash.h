// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace procession::os {

/// HMAC of `message` with a digest by CPython's name: sha256, sha384, sha3_256, sha3_384. From the
/// library that the system trusts: OpenSSL's libcrypto on Linux, CNG on Windows.
/// Returns: nothing for another digest, or one that the system does not have.
[[nodiscard]] std::optional<std::string> keyed_hash(std::string_view digest, std::string_view key,
                                                    std::string_view message);

/// In a time that depends on their length only.
[[nodiscard]] bool are_equal_secrets(std::string_view one, std::string_view other) noexcept;

}  // namespace procession::os
