// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <span>
#include <type_traits>

#include "procession/detail/codec/passable.h"
#include "procession/detail/codec/sequences.h"
#include "procession/detail/codec/signature.h"

namespace procession::inline v0::detail::codec {

template <class... Field>
consteval bool all_raw(Types<Field...>) {
    return (is_raw<std::remove_cv_t<Field>>() && ...);
}

template <class... Field>
consteval bool all_any_bytes(Types<Field...>) {
    return (Builtin<std::remove_cv_t<Field>>::any_bytes_are_one && ...);
}

template <class... Field>
consteval bool all_have_builtin(Types<Field...>) {
    return ((!HasCodec<std::remove_cv_t<Field>> && HasBuiltin<std::remove_cv_t<Field>>) && ...);
}

/// The object bytes of a T, in memory of its size and alignment. A bool in it may have a value that
/// is neither true nor false, so check that before using it as a T.
template <class T>
class RawCopy {
  public:
    explicit RawCopy(std::span<const std::byte> bytes) {
        std::memcpy(storage_, bytes.data(), sizeof(T));
    }
    [[nodiscard]] T& object() { return *std::launder(reinterpret_cast<T*>(storage_)); }

  private:
    alignas(T) std::byte storage_[sizeof(T)];
};

/// Encodes a struct as the array of its fields, in order.
template <PlainAggregate T>
struct Builtin<T> : BuiltinDefaults {
    using Parts = FieldTypes<T>;

    static consteval bool fields_are_raw() {
        if constexpr (std::is_trivially_copyable_v<T> && all_have_builtin(Parts{})) {
            return all_raw(Parts{});
        } else {
            return false;
        }
    }
    static constexpr bool raw = fields_are_raw();

    static consteval bool no_field_needs_a_look() {
        if constexpr (raw) {
            return all_any_bytes(Parts{});
        } else {
            return true;
        }
    }
    static constexpr bool any_bytes_are_one = no_field_needs_a_look();

    static bool well_formed(const T& object) {
        return visit_fields(object, [](auto, const auto&... field) {
            return (Builtin<std::remove_cvref_t<decltype(field)>>::well_formed(field) && ...);
        });
    }

    static void describe(Signature& signature) {
        if (!signature.open(&identity<T>)) return;
        signature << (signature.is_raw() ? "{" : "[");
        describe_all(signature, Parts{});
        if (signature.is_raw()) {
            signature << "}#" << sizeof(T);
        } else {
            signature << "]";
        }
        signature.close();
    }

    static void encode(Writer& writer, const T& object) {
        const Writer::Nested nested(writer);
        writer.array(field_count<T>);
        visit_fields(object, [&]<class... Field>(Types<Field...>, const auto&... field) {
            (put<std::remove_cvref_t<decltype(field)>>(writer, field), ...);
        });
    }

    static T decode(Reader& reader) {
        const Reader::Nested nested(reader);
        reader.array_of(field_count<T>);
        return decode_fields(reader, Parts{});
    }

  private:
    template <class... Field>
    static T decode_fields(Reader& reader, Types<Field...> types) {
        if constexpr (any_array(types)) {
            T object{};
            visit_fields(object, [&](auto, auto&... field) { (fill_field(reader, field), ...); });
            return object;
        } else {
            return T{take<std::remove_cv_t<Field>>(reader)...};
        }
    }
};

/// Encodes a class as its object bytes. The author of the specialisation of is_raw_bytes is
/// responsible for their meaning in another process.
template <OpaqueClass T>
struct Builtin<T> : BuiltinDefaults {
    static constexpr bool raw = true;

    static bool well_formed(const T&) { return true; }
    static void describe(Signature& signature) { signature << type_name<T>() << "#" << sizeof(T); }
    static void encode(Writer& writer, const T& object) {
        writer.binary(std::as_bytes(std::span(&object, 1)));
    }
    static T decode(Reader& reader) {
        const std::size_t start = reader.position();
        const auto bytes = reader.binary();
        if (bytes.size() != sizeof(T)) {
            reader.unexpected("a binary of " + std::to_string(sizeof(T)) + " bytes",
                              std::to_string(bytes.size()), start);
        }
        return std::move(RawCopy<T>(bytes).object());
    }
};

}  // namespace procession::inline v0::detail::codec
