// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// EVP, which OpenSSL 3 prefers, cannot hand out a digest half done; these functions can.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#include <algorithm>
#include <iterator>
#include <new>

#include "sha256.h"

namespace treesum {

namespace {

static_assert(Sha256::block_bytes == SHA256_CBLOCK);

SHA256_CTX& context_in(void* inside) { return *static_cast<SHA256_CTX*>(inside); }

}  // namespace

Sha256::Sha256() {
    static_assert(sizeof inside_ >= sizeof(SHA256_CTX) && alignof(SHA256_CTX) <= 8);
    SHA256_Init(new (&inside_) SHA256_CTX);
}

Sha256::Sha256(const State& state, std::uint64_t offset) : Sha256() {
    SHA256_CTX& context = context_in(&inside_);
    std::copy(state.begin(), state.end(), std::begin(context.h));
    context.Nl = static_cast<SHA_LONG>(offset << 3);
    context.Nh = static_cast<SHA_LONG>(offset >> 29);
}

void Sha256::update(const std::byte* bytes, std::size_t count) {
    SHA256_Update(&context_in(&inside_), bytes, count);
}

Sha256::State Sha256::state() const {
    const auto& context = *reinterpret_cast<const SHA256_CTX*>(&inside_);
    State state;
    std::copy(std::begin(context.h), std::end(context.h), state.begin());
    return state;
}

std::array<std::uint8_t, 32> Sha256::finish() {
    std::array<std::uint8_t, 32> digest;
    SHA256_Final(digest.data(), &context_in(&inside_));
    return digest;
}

}  // namespace treesum
