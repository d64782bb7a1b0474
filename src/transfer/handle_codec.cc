// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstdint>
#include <cstring>
#include <string>

#include "procession/handle.h"
#include "transfer/handle_codec.h"
#include "transfer/receive_context.h"
#include "transfer/send_context.h"

namespace procession::inline v0::detail::transfer {

namespace {

// In MessagePack: an extension of this type, with the index of the handle that travels beside it.
constexpr std::int8_t kHandleExtension = 0x50;

}  // namespace

void encode_handle(Writer& writer, NativeHandle handle, std::string_view type,
                   std::function<void(Handle)> close) {
    const std::uint32_t index = assert_sharing(type).add(handle, std::move(close));
    std::array<std::byte, sizeof index> bytes;
    std::memcpy(bytes.data(), &index, sizeof index);
    writer.extension(kHandleExtension, bytes);
}

void encode_handle(Writer& writer, NativeHandle handle, std::string_view type) {
    encode_handle(writer, handle, type, {});
}

Handle decode_handle(Reader& reader, std::string_view type) {
    return assert_receiving(type).take(decode_handle_index(reader, type));
}

std::uint32_t decode_handle_index(Reader& reader, std::string_view type) {
    std::int8_t found = 0;
    const auto bytes = reader.extension(found);
    std::uint32_t index = 0;
    if (found != kHandleExtension || bytes.size() != sizeof index) {
        reader.fail("expected the handle of a " + std::string(type) + ", found another extension");
    }
    std::memcpy(&index, bytes.data(), sizeof index);
    return index;
}

}  // namespace procession::inline v0::detail::transfer
