// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::inline v0::detail::shm {

/// Shared memory holds what no correct participant writes. Thrown here, turned into
/// procession::CorruptSegment (and the segment poisoned) by the layer that knows the object's name.
struct Corrupt {
    const char* what;
};

inline void require(bool holds, const char* what) {
    if (!holds) [[unlikely]]
        throw Corrupt{what};
}

}  // namespace procession::inline v0::detail::shm
