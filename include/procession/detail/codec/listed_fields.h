// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

#include "procession/detail/codec/signature.h"

/// Lists the fields of a class that the library cannot see by itself, because the class has private
/// members, constructors or base classes:
///
///     class Job : public Task {
///       public:
///         Job() = default;
///         PROCESSION_FIELDS(Job, PROCESSION_BASE(Task), name_, numbers_)
///       private:
///         std::string name_;
///         std::vector<int> numbers_;
///     };
///
/// A receiver makes a default-constructed object and fills these fields, in this order; a field
/// that is not listed keeps its default. The class is passed like a struct of these fields. A class
/// that derives from it lists its own.
#define PROCESSION_FIELDS(Class, ...)                                          \
    friend struct ::procession::detail::codec::FieldAccess;                    \
    using ProcessionFieldsOf = Class;                                          \
    template <class ProcessionVisit>                                           \
    constexpr decltype(auto) procession_visit(ProcessionVisit&& visit) {       \
        return visit(__VA_ARGS__);                                             \
    }                                                                          \
    template <class ProcessionVisit>                                           \
    constexpr decltype(auto) procession_visit(ProcessionVisit&& visit) const { \
        return visit(__VA_ARGS__);                                             \
    }

/// In PROCESSION_FIELDS: a base class, which is passable itself.
#define PROCESSION_BASE(Base) ::procession::detail::codec::base_of<Base>(*this)

namespace procession::inline v0::detail::codec {

struct FieldAccess {
    template <class T>
    using Owner = typename T::ProcessionFieldsOf;
    template <class T, class Visit>
    static constexpr decltype(auto) visit(T& object, Visit&& visit) {
        return object.procession_visit(std::forward<Visit>(visit));
    }
};

template <class Base, class Derived>
constexpr auto& base_of(Derived& derived) noexcept {
    if constexpr (std::is_const_v<Derived>) {
        return static_cast<const Base&>(derived);
    } else {
        return static_cast<Base&>(derived);
    }
}

struct TypesOfFields {
    template <class... Field>
    constexpr Types<std::remove_cv_t<Field>...> operator()(Field&...) const {
        return {};
    }
};

/// A class that says what its fields are.
template <class T>
concept ListsFields = std::is_class_v<T> && std::same_as<FieldAccess::Owner<T>, T>;

template <ListsFields T>
struct Builtin<T> : BuiltinDefaults {
    static_assert(std::default_initializable<T>,
                  "procession: a class with PROCESSION_FIELDS needs a default constructor, because "
                  "a receiver fills in the fields; or specialise procession::Codec<T>");
    using Parts = decltype(FieldAccess::visit(std::declval<T&>(), TypesOfFields{}));

    static void describe(Signature& signature) {
        if (!signature.open(&identity<T>)) return;
        signature << "[";
        describe_all(signature, Parts{});
        signature << "]";
        signature.close();
    }
    static void encode(Writer& writer, const T& object) {
        const Writer::Nested nested(writer);
        FieldAccess::visit(object, [&](const auto&... field) {
            writer.array(sizeof...(field));
            (put<std::remove_cvref_t<decltype(field)>>(writer, field), ...);
        });
    }
    static T decode(Reader& reader) {
        const Reader::Nested nested(reader);
        T object{};
        FieldAccess::visit(object, [&](auto&... field) {
            reader.array_of(sizeof...(field));
            (fill_field(reader, field), ...);
        });
        return object;
    }
};

}  // namespace procession::inline v0::detail::codec
