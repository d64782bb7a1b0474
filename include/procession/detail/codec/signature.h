// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "procession/detail/codec/core.h"
#include "procession/export.h"

namespace procession::inline v0::detail::codec {

template <class T>
inline constexpr char identity{};  // its address stands for the type

/// Builds the text of a signature. It describes what is on the wire, so two types with the same
/// structure have the same signature.
class PROCESSION_EXPORT Signature {
  public:
    Signature& operator<<(std::string_view text) {
        text_ += text;
        return *this;
    }
    Signature& operator<<(std::uint64_t number) {
        text_ += std::to_string(number);
        return *this;
    }

    /// Begins a type that may contain itself. Returns: false when the type is being described
    /// already; then a mark that says how many levels up was written.
    bool open(const void* type);
    void close() { open_.pop_back(); }

    [[nodiscard]] bool is_raw() const { return raw_; }
    void set_raw() { raw_ = true; }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
    std::vector<const void*> open_;
    bool raw_ = false;
};

template <class T>
void describe(Signature& signature) {
    if constexpr (!HasCodec<T>) {
        Builtin<T>::describe(signature);
    } else {
        if constexpr (!is_procession_object<T>()) signature << "user:";
        if constexpr (requires { Codec<T>::signature(); }) {
            signature << Codec<T>::signature();
        } else if constexpr (requires { std::string_view(Codec<T>::signature); }) {
            signature << std::string_view(Codec<T>::signature);
        } else {
            signature << type_name<T>();
        }
    }
}

/// "a,b,c"
template <class First, class... Rest>
void describe_all(Signature& signature, Types<First, Rest...>) {
    describe<std::remove_cv_t<First>>(signature);
    ((signature << ",", describe<std::remove_cv_t<Rest>>(signature)), ...);
}
inline void describe_all(Signature&, Types<>) {}

template <class Field>
void fill_field(Reader& reader, Field& field) {
    if constexpr (std::is_array_v<Field>) {
        Builtin<Field>::decode_into(reader, field);
    } else {
        field = take<Field>(reader);
    }
}

}  // namespace procession::inline v0::detail::codec
