#!/bin/bash
# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
. "$(dirname "${BASH_SOURCE[0]}")/support.sh"

queues_reach_children_under_each_start_method() {
    expect 0 env PROCESSION_LOG=debug "$program"
    expect_in stdout 'soup 1, cooked by'
    expect_in stdout 'fish 2, cooked by'
    [ "$(grep -c 'exit code 0, 0 unfinished' stdout)" -eq 3 ] || fail "$(cat stdout)"
    expect_in stdout 'should only be shared between processes through inheritance'
    # fork takes the queues over; the others encode and rebuild them
    expect_in stderr "Queue._after_fork: JoinableQueue 'orders' is inherited"
    expect_in stderr "JoinableQueue 'dishes': goes to another process"
    expect_in stderr "JoinableQueue 'dishes': rebuilt"
}

"$2"
