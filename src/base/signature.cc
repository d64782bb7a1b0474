// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/codec/signature.h"

#include <cstddef>

namespace procession::inline v0::detail::codec {

bool Signature::open(const void* type) {
    for (std::size_t up = 1; up <= open_.size(); ++up) {
        if (open_[open_.size() - up] == type) {
            *this << "rec" << up;
            return false;
        }
    }
    open_.push_back(type);
    return true;
}

}  // namespace procession::inline v0::detail::codec
