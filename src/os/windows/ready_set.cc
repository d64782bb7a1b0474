// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/ready_set.h"

// Not on Windows yet.

namespace procession::os {

std::error_code ReadySet::create() noexcept {
    return std::make_error_code(std::errc::function_not_supported);
}
std::error_code ReadySet::add(NativeHandle /*member*/) noexcept {
    return std::make_error_code(std::errc::function_not_supported);
}
void ReadySet::remove(NativeHandle /*member*/) noexcept {}

}  // namespace procession::os
