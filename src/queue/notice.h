// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::queue {

/// Takes over at once what dead processes held on the queues that this process uses. Called when a
/// child is known to have ended; without it the waiters of the queues notice within a nap.
/// Never waits longer than a nap for a stopped participant.
void notice_deaths_everywhere() noexcept;

/// Closes all queues of this process, at its end.
void leave_everywhere() noexcept;

}  // namespace procession::queue
