// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::schedule {

/// Gives up the byte lock that this mapping keeps, as the end of its process would.
void give_up_lock(void* mapping);

/// After that, or when no process is left to give it up.
void forget_lock(void* mapping);

}  // namespace procession::schedule
