// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>

#include "contract/process_fixture.h"
#include "handoff/keeper_client.h"
#include "procession/pipe.h"
#include "support/queue_helpers.h"

namespace procession::testing {

/// 0 when this process has started none.
inline int keeper_pid() { return child_called("--procession-keeper="); }
inline void kill_keeper() { kill_helper(keeper_pid()); }

/// Until the keeper has done everything that it was told before.
inline void let_keeper_settle() {
    AttachmentName nobodys;
    nobodys.keeper = handoff::keeper_of_family();
    EXPECT_THROW((void)handoff::fetch(nobodys), SharingError);
}

}  // namespace procession::testing
