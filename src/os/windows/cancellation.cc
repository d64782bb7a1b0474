// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/cancellation.h"

namespace procession::inline v0::detail::os {

CancellationDisabled::CancellationDisabled() noexcept = default;
CancellationDisabled::~CancellationDisabled() = default;
void CancellationDisabled::act_on_request() {}

}  // namespace procession::inline v0::detail::os
