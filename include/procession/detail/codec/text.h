// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "procession/detail/codec/signature.h"

// Text: a MessagePack str. It may contain any bytes.

namespace procession::inline v0::detail::codec {

template <class Char, class Traits, class Allocator>
    requires(sizeof(Char) == 1)
struct Builtin<std::basic_string<Char, Traits, Allocator>> : BuiltinDefaults {
    using Text = std::basic_string<Char, Traits, Allocator>;
    static void describe(Signature& signature) { signature << "str"; }
    static void encode(Writer& writer, const Text& text) {
        writer.string({reinterpret_cast<const char*>(text.data()), text.size()});
    }
    static Text decode(Reader& reader) {
        const std::string_view text = reader.string_view();
        return Text(reinterpret_cast<const Char*>(text.data()), text.size());
    }
};

template <class T>
concept FilesystemPath = std::is_class_v<T> && type_name<T>().starts_with("std::filesystem::") &&
                         type_name<T>().ends_with("::path");

/// The native bytes of a path; UTF-8 if its native characters are wide. Recognised by its name, so
/// that <filesystem> need not be included here.
template <FilesystemPath T>
struct Builtin<T> : BuiltinDefaults {
    static void describe(Signature& signature) { signature << "path"; }
    static void encode(Writer& writer, const T& path) {
        if constexpr (sizeof(typename T::value_type) == 1) {
            writer.string(path.native());
        } else {
            const std::u8string text = path.u8string();
            writer.string({reinterpret_cast<const char*>(text.data()), text.size()});
        }
    }
    static T decode(Reader& reader) {
        const std::string_view text = reader.string_view();
        if constexpr (sizeof(typename T::value_type) == 1) {
            return T(text);
        } else {
            return T(std::u8string(text.begin(), text.end()));
        }
    }
};

}  // namespace procession::inline v0::detail::codec
