// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// A class as its definition shows it. Constructors, destructors, operators, and what is deleted or
/// a friend, are not counted as functions.
struct ClassShape {
    std::string name;
    std::size_t line = 0;
    std::size_t public_functions = 0;
    std::size_t private_functions = 0;  // protected ones included
};

/// The classes that are defined in these lines, in which comments and literals are blank.
std::vector<ClassShape> classes_of(const std::vector<std::string>& code);

/// The classes of which a member function is defined outside of the class in these lines.
std::vector<std::string> defined_members_of(const std::vector<std::string>& code);
