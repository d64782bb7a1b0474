// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/hmac.h"

#include "os/windows/api.h"
// After windows.h.
#include <bcrypt.h>

#include <memory>

namespace procession::inline v0::detail::os {

namespace {

const wchar_t* algorithm_of(std::string_view digest) noexcept {
    if (digest == "sha256") return L"SHA256";
    if (digest == "sha384") return L"SHA384";
    if (digest == "sha3_256") return L"SHA3-256";  // since Windows 11
    if (digest == "sha3_384") return L"SHA3-384";
    return nullptr;
}

PUCHAR bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<PUCHAR>(const_cast<char*>(text.data()));
}

bool is_good(NTSTATUS status) noexcept { return status >= 0; }

struct CloseProvider {
    void operator()(void* provider) const noexcept { ::BCryptCloseAlgorithmProvider(provider, 0); }
};
struct DestroyHash {
    void operator()(void* hash) const noexcept { ::BCryptDestroyHash(hash); }
};

}  // namespace

std::optional<std::string> hmac(std::string_view digest, std::string_view key,
                                std::string_view message) {
    const wchar_t* const algorithm = algorithm_of(digest);
    if (algorithm == nullptr) return std::nullopt;
    BCRYPT_ALG_HANDLE opened = nullptr;
    if (!is_good(::BCryptOpenAlgorithmProvider(&opened, algorithm, nullptr,
                                               BCRYPT_ALG_HANDLE_HMAC_FLAG))) {
        return std::nullopt;
    }
    const std::unique_ptr<void, CloseProvider> provider(opened);
    BCRYPT_HASH_HANDLE created = nullptr;
    if (!is_good(::BCryptCreateHash(provider.get(), &created, nullptr, 0, bytes_of(key),
                                    static_cast<ULONG>(key.size()), 0))) {
        return std::nullopt;
    }
    const std::unique_ptr<void, DestroyHash> hash(created);
    std::string result(digest.ends_with("384") ? 48 : 32, '\0');
    const bool done = is_good(::BCryptHashData(hash.get(), bytes_of(message),
                                               static_cast<ULONG>(message.size()), 0)) &&
                      is_good(::BCryptFinishHash(hash.get(), bytes_of(result),
                                                 static_cast<ULONG>(result.size()), 0));
    if (!done) return std::nullopt;
    return result;
}

bool constant_time_equal(std::string_view one, std::string_view other) noexcept {
    if (one.size() != other.size()) return false;
    // volatile: the compiler must not stop at the first difference
    volatile unsigned char different = 0;
    for (std::size_t i = 0; i < one.size(); ++i)
        different = static_cast<unsigned char>(different | (one[i] ^ other[i]));
    return different == 0;
}

}  // namespace procession::inline v0::detail::os
