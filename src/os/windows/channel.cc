// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/channel.h"

#include "os/windows/not_yet.h"

namespace procession::os {

std::error_code create_channel(Handle& /*one*/, Handle& /*other*/) noexcept { return not_yet(); }
std::error_code create_record_channel(Handle& /*one*/, Handle& /*other*/) noexcept {
    return not_yet();
}
std::error_code send_some(NativeHandle /*channel*/,
                          std::span<const std::span<const std::byte>> /*parts*/,
                          std::span<const NativeHandle> /*handles*/, std::size_t& sent) noexcept {
    sent = 0;
    return not_yet();
}
std::error_code receive_some(NativeHandle /*channel*/, std::span<std::byte> /*space*/,
                             std::size_t& got, std::vector<Handle>& /*arrived*/) noexcept {
    got = 0;
    return not_yet();
}
void end_sending(NativeHandle /*channel*/) noexcept {}
void end_receiving(NativeHandle /*channel*/) noexcept {}
std::error_code try_lock_side(NativeHandle /*channel*/, Side /*side*/) noexcept {
    return not_yet();
}
void unlock_side(NativeHandle /*channel*/, Side /*side*/) noexcept {}
void mark_under_way(NativeHandle /*channel*/, Side /*side*/, bool /*under_way*/) noexcept {}
bool is_under_way(NativeHandle /*channel*/, Side /*side*/) noexcept { return false; }
std::error_code why_peer_is_a_stranger(NativeHandle /*channel*/) noexcept { return not_yet(); }

}  // namespace procession::os
