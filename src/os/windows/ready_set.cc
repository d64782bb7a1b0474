// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/ready_set.h"

#include "os/windows/not_yet.h"

namespace procession::os {

std::error_code ReadySet::create() noexcept { return not_yet(); }
std::error_code ReadySet::add(NativeHandle /*member*/) noexcept { return not_yet(); }
void ReadySet::remove(NativeHandle /*member*/) noexcept {}

}  // namespace procession::os
