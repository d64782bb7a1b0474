// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/frames.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "procession/error.h"

namespace procession::inline v0::detail::connection {

namespace {

constexpr std::size_t kShortHead = 4;
constexpr std::size_t kLongHead = 12;
constexpr std::uint32_t kLongLength = 0xffffffff;  // -1: the length follows in 8 bytes
constexpr std::uint32_t kShortLengthMax = 0x7fffffff;
constexpr std::size_t kFirstRoom = std::size_t{1} << 20;

template <class T>
void put_big_endian(std::byte* to, T value) noexcept {
    for (std::size_t i = 0; i < sizeof value; ++i)
        to[i] = static_cast<std::byte>(value >> (8 * (sizeof value - 1 - i)));
}
template <class T>
T get_big_endian(const std::byte* from) noexcept {
    T value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
        value = static_cast<T>(value << 8) | static_cast<T>(from[i]);
    return value;
}

}  // namespace

FrameHead::FrameHead(std::uint64_t length) noexcept {
    if (length <= kShortLengthMax) {
        put_big_endian(bytes_.data(), static_cast<std::uint32_t>(length));
        size_ = kShortHead;
    } else {
        put_big_endian(bytes_.data(), kLongLength);
        put_big_endian(bytes_.data() + kShortHead, length);
        size_ = kLongHead;
    }
}

std::size_t FrameReader::head_size() const noexcept {
    const bool is_long =
        head_got_ >= kShortHead && get_big_endian<std::uint32_t>(head_.data()) == kLongLength;
    return is_long ? kLongHead : kShortHead;
}

std::span<std::byte> FrameReader::room(std::span<std::byte> space) {
    if (!has_length()) return std::span(head_).subspan(head_got_, head_size() - head_got_);
    const auto got = static_cast<std::size_t>(got_);
    const auto left = static_cast<std::size_t>(length_ - got_);
    if (message_.empty() && length_ <= space.size()) return space.subspan(got, left);
    if (got == message_.size())
        message_.resize(std::min(got + left, std::max(kFirstRoom, 2 * got)));
    return std::span(message_).subspan(got);
}

void FrameReader::advance(std::size_t count) noexcept {
    if (has_length()) {
        got_ += count;
        return;
    }
    head_got_ += count;
    if (!has_length()) return;
    const bool is_short = head_got_ == kShortHead;
    length_ = is_short ? get_big_endian<std::uint32_t>(head_.data())
                       : get_big_endian<std::uint64_t>(head_.data() + kShortHead);
    is_malformed_ = is_short && length_ > kShortLengthMax;
}

void FrameReader::save(std::span<const std::byte> space) {
    if (!message_.empty() || got_ == 0) return;
    const auto received = space.first(static_cast<std::size_t>(got_));
    message_.assign(received.begin(), received.end());
}

std::vector<std::byte> FrameReader::take_message() noexcept {
    // A resize() that shrinks does not throw.
    message_.resize(std::min(message_.size(), static_cast<std::size_t>(length_)));
    return std::move(message_);
}

std::vector<std::byte> encode_deposit_key(const DepositKey& name) {
    std::vector<std::byte> key(name.token.begin(), name.token.end());
    const auto broker = std::as_bytes(std::span(name.broker));
    key.insert(key.end(), broker.begin(), broker.end());
    return key;
}

DepositKey decode_deposit_key(std::span<const std::byte> key) {
    DepositKey name;
    if (key.size() <= name.token.size())
        throw DecodeError("collect", "handles of a message", "their deposit key is too short");
    std::memcpy(name.token.data(), key.data(), name.token.size());
    const auto broker = key.subspan(name.token.size());
    name.broker.assign(reinterpret_cast<const char*>(broker.data()), broker.size());
    return name;
}

}  // namespace procession::inline v0::detail::connection
