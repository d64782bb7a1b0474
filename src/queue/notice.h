// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::queue {

/// Takes over at once all that dead processes held on the queues that this process uses. Called
/// when a child is known to have ended; without it the waiters of the queues notice within a nap.
/// Never waits longer than a nap for a stopped participant.
void notice_deaths_everywhere() noexcept;

/// In a child that is a fresh start of the program, before it runs anything: the queues that exist
/// were made by it alone, though its code may mean those of its parent. See Core::suspect_unshared.
void suspect_all_unshared() noexcept;

/// Closes all queues of this process, at its end.
void leave_everywhere() noexcept;

}  // namespace procession::queue
