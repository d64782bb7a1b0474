// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::schedule {

/// Gives up all byte locks that are held through this descriptor, as the end of its process would.
void drop_all_locks(int descriptor);

}  // namespace procession::schedule
