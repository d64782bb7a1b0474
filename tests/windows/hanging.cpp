// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// Two processes that wait for each other for ever, for watchdog_test.sh.

#include "procession/init.h"
#include "procession/process.h"
#include "procession/queue.h"
#include "support/windows/watchdog.h"

namespace {

int wait_for_what_nobody_puts(const procession::Queue<int>& queue) { return queue.get() + 1; }

}  // namespace

int main(int argc, char** argv) {
    if (procession::testing::show_stacks_if_asked(argc, argv)) return 0;
    procession::init(argc, argv);
    procession::testing::begin_watchdog(3);
    const procession::Queue<int> queue;
    procession::Process child(procession::spawn, wait_for_what_nobody_puts, queue);
    return child.join() ? 0 : 1;
}
