// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/handle_deposit.h"

namespace procession {

// No item of these tests has handles.
void HandleDeposit::release() noexcept {}

}  // namespace procession
