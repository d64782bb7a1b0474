// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/function_text.h"

#include <charconv>
#include <cstddef>
#include <vector>

#include "base/hexadecimal.h"
#include "procession/codec.h"
#include "procession/error.h"

namespace procession::inline v0::detail::process {

std::string text_of_function(AnyFunction function) {
    Writer writer;
    encode(writer, ref_to(function));
    return base::hexadecimal(writer.bytes());
}

AnyFunction function_from_text(std::string_view text) {
    std::vector<std::byte> bytes(text.size() / 2);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        unsigned value = 0;
        const char* const from = text.substr(2 * i, 2).data();
        const auto parsed = std::from_chars(from, from + 2, value, 16);
        if (parsed.ec != std::errc() || parsed.ptr != from + 2)
            throw DecodeError("decode", "function", "its text is not hexadecimal");
        bytes[i] = static_cast<std::byte>(value);
    }
    Reader reader(bytes, "function");
    const auto ref = decode<FunctionRef>(reader);
    reader.expect_end();
    return function_of(ref);
}

}  // namespace procession::inline v0::detail::process
