// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "procession/handle.h"

namespace procession::inline v0::detail::transfer {

/// encode_handle() and decode_handle() of handle.h, for objects whose descriptors must not just be
/// closed: `close` gets the duplicate when the message is done with it.
void encode_handle(Writer& writer, NativeHandle handle, std::string_view type,
                   std::function<void(Handle)> close);
/// Which of the handles that came along it is; assert_receiving().take() gives it.
[[nodiscard]] std::uint32_t decode_handle_index(Reader& reader, std::string_view type);

}  // namespace procession::inline v0::detail::transfer
