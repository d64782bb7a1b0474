// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/hmac.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace procession::inline v0::detail::os {

namespace {

const EVP_MD* digest_of(std::string_view name) {
    if (name == "sha256") return EVP_sha256();
    if (name == "sha384") return EVP_sha384();
    if (name == "sha3_256") return EVP_sha3_256();
    if (name == "sha3_384") return EVP_sha3_384();
    return nullptr;
}

}  // namespace

std::optional<std::string> hmac(std::string_view digest, std::string_view key,
                                std::string_view message) {
    const EVP_MD* const algorithm = digest_of(digest);
    if (algorithm == nullptr) return std::nullopt;
    std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
    unsigned length = 0;
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)  its length goes along
    const auto* const bytes = reinterpret_cast<const unsigned char*>(message.data());
    if (HMAC(algorithm, key.data(), static_cast<int>(key.size()), bytes, message.size(),
             hash.data(), &length) == nullptr) {
        return std::nullopt;
    }
    return std::string(reinterpret_cast<const char*>(hash.data()), length);
}

bool constant_time_equal(std::string_view one, std::string_view other) noexcept {
    return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace procession::inline v0::detail::os
