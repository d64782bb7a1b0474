// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "procession/codec/signature.h"

// Sets: a MessagePack array. Maps: a MessagePack map. If a message repeats a key, the first one is
// kept; a multiset or multimap keeps all.

namespace procession::codec {

template <class Set>
struct SetCodec : BuiltinDefaults {
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

template <class Map>
struct MapCodec : BuiltinDefaults {
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

template <class K, class... Rest>
struct Builtin<std::set<K, Rest...>> : SetCodec<std::set<K, Rest...>> {};
template <class K, class... Rest>
struct Builtin<std::multiset<K, Rest...>> : SetCodec<std::multiset<K, Rest...>> {};
template <class K, class... Rest>
struct Builtin<std::unordered_set<K, Rest...>> : SetCodec<std::unordered_set<K, Rest...>> {};
template <class K, class... Rest>
struct Builtin<std::unordered_multiset<K, Rest...>>
    : SetCodec<std::unordered_multiset<K, Rest...>> {};

template <class K, class V, class... Rest>
struct Builtin<std::map<K, V, Rest...>> : MapCodec<std::map<K, V, Rest...>> {};
template <class K, class V, class... Rest>
struct Builtin<std::multimap<K, V, Rest...>> : MapCodec<std::multimap<K, V, Rest...>> {};
template <class K, class V, class... Rest>
struct Builtin<std::unordered_map<K, V, Rest...>> : MapCodec<std::unordered_map<K, V, Rest...>> {};
template <class K, class V, class... Rest>
struct Builtin<std::unordered_multimap<K, V, Rest...>>
    : MapCodec<std::unordered_multimap<K, V, Rest...>> {};

}  // namespace procession::codec
