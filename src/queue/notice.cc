// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/notice.h"

#include <exception>

#include "base/logging.h"
#include "queue/core.h"

namespace procession::queue {

void notice_deaths_everywhere() noexcept {
    try {
        for (const auto& core : Core::all()) core->notice_deaths_quickly();
    } catch (const std::exception& failed) {
        base::log(LogLevel::warning, "looking for dead participants failed: %s", failed.what());
    }
}

void suspect_all_unshared() noexcept {
    try {
        for (const auto& core : Core::all()) core->suspect_unshared();
    } catch (const std::exception& failed) {
        base::log(LogLevel::debug, "the queues of this process are not looked at: %s",
                  failed.what());
    }
}

void leave_everywhere() noexcept {
    try {
        for (const auto& core : Core::all()) core->leave_at_the_end();
    } catch (const std::exception& failed) {
        // Then the others notice the end of this process.
        base::log(LogLevel::warning, "leaving the queues failed: %s", failed.what());
    }
}

}  // namespace procession::queue
