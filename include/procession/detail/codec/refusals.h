// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "procession/detail/codec/passable.h"

namespace procession::inline v0::detail::codec {

/// Instantiating it with a reason is a compile error that names the type T and says what to do.
template <class T, Why why>
struct CannotCross {
    static_assert(why != Why::pointer,
                  "procession: a pointer means nothing in another process. Send the value itself "
                  "(std::string for char*, std::vector, std::unique_ptr), or specialise "
                  "procession::Codec<T>");
    static_assert(why != Why::function,
                  "procession: a function pointer cannot be an element. Send an enum or a name and "
                  "look the function up on the other side, or pass it to Process as the callable");
    static_assert(why != Why::reference,
                  "procession: a reference means nothing in another process. Hold the value itself "
                  "instead of a reference to it");
    static_assert(why != Why::view,
                  "procession: a view does not own what it shows. Use std::string instead of "
                  "std::string_view, std::vector instead of std::span");
    static_assert(why != Why::polymorphic,
                  "procession: a polymorphic class may be something larger than it looks. Send a "
                  "std::variant of the concrete types, or specialise procession::Codec<T>");
    static_assert(why != Why::lambda,
                  "procession: a lambda with captures hides what it captured. Send a struct with "
                  "named fields and an operator() instead");
    static_assert(why != Why::standard_class,
                  "procession: this class of the standard library has no encoding (a mutex, atomic "
                  "or thread cannot leave its process). Leave it out, and wait with Queue::get(), "
                  "JoinableQueue::join() or Process::join() instead. Or specialise "
                  "procession::Codec for the class that contains it");
    static_assert(
        why != Why::base_class,
        "procession: an aggregate with a base class cannot be taken apart. Make the base "
        "a field, or list its fields with PROCESSION_FIELDS, or, if it is trivially copyable "
        "and its bytes mean the same in another process, procession::is_raw_bytes<T>");
    static_assert(why != Why::too_many_fields,
                  "procession: more than 32 fields. Group some of them in a nested struct, or "
                  "specialise procession::Codec<T>");
    static_assert(why != Why::uncountable_fields,
                  "procession: the fields of this struct cannot be counted. Replace a reference "
                  "among them by the value itself; if there is none, give each field a default "
                  "constructor, or specialise procession::Codec<T>");
    static_assert(why != Why::immovable_array_owner,
                  "procession: a struct with an array field is filled in place, so it must be "
                  "default constructible and have no const fields. Use std::array, or specialise "
                  "procession::Codec<T>");
    static_assert(why != Why::immovable,
                  "procession: this class can be neither copied nor moved, so it cannot be passed "
                  "to another process. Leave it out, or specialise procession::Codec<T>");
    static_assert(why != Why::iterator,
                  "procession: an iterator means nothing in another process. Send an index or the "
                  "value itself");
    static_assert(why != Why::unbounded_array,
                  "procession: an array of unknown length cannot be passed to another process. Use "
                  "std::vector");
    static_assert(why != Why::private_members,
                  "procession: this class has private members or constructors, so its fields "
                  "cannot be seen, and it is not trivially copyable. List its fields with "
                  "PROCESSION_FIELDS, or specialise procession::Codec<T> for it; or, if it is a "
                  "container and nothing else, procession::is_container<T>");
    static_assert(why != Why::hidden_fields,
                  "procession: this class has private members, constructors or base classes, or is "
                  "a union, so its fields cannot be seen: there may be a pointer among them. "
                  "List its fields with PROCESSION_FIELDS, or specialise procession::Codec<T> for "
                  "it, or, if its bytes mean the same in another process, "
                  "procession::is_raw_bytes<T>");
    static_assert(why != Why::not_a_value, "procession: this type has no values to send");
    static constexpr bool checked = true;
};

/// Causes a compile error with the reason if T cannot be passed. Returns whether it can, so that
/// the caller can avoid further errors.
template <class T>
consteval bool require_passable() {
    return CannotCross<typename VerdictOn<T>::Culprit, VerdictOn<T>::why>::checked && Passable<T>;
}

}  // namespace procession::inline v0::detail::codec
