// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <utility>

#include "procession/detail/codec/containers.h"

// Sets: a MessagePack array. Maps: a MessagePack map. If a message repeats a key, the first one is
// kept; a multiset or multimap keeps all.

namespace procession::inline v0::detail::codec {

template <SetOfKeys Set>
struct Builtin<Set> : BuiltinDefaults {
    using Key = typename Set::key_type;
    using Parts = Types<Key>;
    static void describe(Signature& signature) {
        signature << "set<";
        codec::describe<Key>(signature);
        signature << ">";
    }
    static void encode(Writer& writer, const Set& set) {
        const Writer::Nested nested(writer);
        writer.array(set.size());
        for (const Key& key : set) put<Key>(writer, key);
    }
    static Set decode(Reader& reader) {
        const Reader::Nested nested(reader);
        Set set;
        for (std::uint32_t left = reader.array(); left != 0; --left) {
            set.insert(set.end(), take<Key>(reader));
        }
        return set;
    }
};

template <MapOfKeys Map>
struct Builtin<Map> : BuiltinDefaults {
    using Key = typename Map::key_type;
    using Mapped = typename Map::mapped_type;
    using Parts = Types<Key, Mapped>;
    static void describe(Signature& signature) {
        signature << "map<";
        describe_all(signature, Parts{});
        signature << ">";
    }
    static void encode(Writer& writer, const Map& map) {
        const Writer::Nested nested(writer);
        writer.map(map.size());
        for (const auto& [key, mapped] : map) {
            put<Key>(writer, key);
            put<Mapped>(writer, mapped);
        }
    }
    static Map decode(Reader& reader) {
        const Reader::Nested nested(reader);
        Map map;
        for (std::uint32_t left = reader.map(); left != 0; --left) {
            Key key = take<Key>(reader);
            map.emplace_hint(map.end(), std::move(key), take<Mapped>(reader));
        }
        return map;
    }
};

}  // namespace procession::inline v0::detail::codec
