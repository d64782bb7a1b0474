// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/handle_deposit.h"

#include "transfer/broker_client.h"

namespace procession::inline v0 {

void HandleDeposit::release() noexcept {
    held_ = false;
    detail::transfer::release(name_);
}

}  // namespace procession::inline v0
