// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/attachment.h"

#include "handoff/keeper_client.h"

namespace procession {

void Attachment::release() noexcept {
    held_ = false;
    handoff::release(name_);
}

}  // namespace procession
