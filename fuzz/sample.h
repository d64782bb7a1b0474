// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

#include "procession/codec.h"

namespace procession::fuzz {

enum class Colour : std::uint8_t { red, green, blue };

struct Leaf {
    std::uint8_t small = 0;
    bool flag = false;
    Colour colour = Colour::red;
    float real = 0;
};

/// A bit of every encoding, with itself inside.
struct Tree {
    std::uint64_t id = 0;
    std::string name;
    std::vector<double> numbers;
    std::vector<std::byte> bytes;
    std::map<std::string, int> counts;
    std::optional<std::optional<int>> maybe;
    Leaf leaf;
    std::vector<Leaf> leaves;
    std::variant<std::monostate, int, std::string> either;
    std::vector<Tree> children;
    std::tuple<bool, std::int16_t> pair;
    char text[5] = {};
    std::array<int, 3> triple{};
    std::set<int> set;
    std::unordered_map<int, std::string> table;
    std::chrono::milliseconds time{};
    std::vector<bool> bools;
    std::list<std::unique_ptr<int>> list;
};

}  // namespace procession::fuzz
