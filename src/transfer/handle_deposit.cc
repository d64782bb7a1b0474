// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/detail/handle_deposit.h"

#include "transfer/broker_client.h"

namespace procession {

void HandleDeposit::release() noexcept {
    held_ = false;
    transfer::release(name_);
}

}  // namespace procession
