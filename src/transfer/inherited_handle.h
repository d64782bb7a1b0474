// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace procession::inline v0::detail::transfer {

/// One handle that a child inherits, as its bootstrap message lists it. The number, which is the
/// parent's, is only a place to look (os::find_inherited): the identity says what must be found
/// there.
struct InheritedHandle {
    std::int64_t number = -1;
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    std::string object;  // for the debug log
};

}  // namespace procession::inline v0::detail::transfer
