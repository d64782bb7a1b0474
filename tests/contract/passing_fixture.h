// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>

#include "contract/process_fixture.h"
#include "procession/pipe.h"
#include "support/queue_helpers.h"
#include "transfer/broker_client.h"

namespace procession::testing {

using namespace detail;

/// 0 when this process has started none.
inline int broker_pid() { return child_called("--procession-broker="); }
inline void kill_broker() { kill_helper(broker_pid()); }

/// Until the broker has done everything that it was told before.
inline void let_broker_settle() {
    DepositKey nobodys;
    nobodys.broker = transfer::broker_of_family();
    EXPECT_THROW((void)transfer::fetch(nobodys), SharingError);
}

}  // namespace procession::testing
