// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "handoff/run_keeper.h"

#include <exception>
#include <utility>

#include "base/logging.h"
#include "handoff/keeper.h"
#include "os/child.h"
#include "os/inherited.h"
#include "os/meeting_point.h"

namespace procession::handoff {

void run_keeper(std::string_view descriptor) noexcept {
    os::Handle channel = helper::handle_named_by(descriptor);
    if (!channel.valid()) os::exit_at_once(127);
    try {
        os::name_this_process("procession-keep");
        os::close_on_exec(channel.get());
        os::let_go_of_standard_streams();
        os::ignore_interrupts();
        os::allow_many_handles();
        Keeper(std::move(channel)).run();
    } catch (const std::exception& failed) {
        base::log(LogLevel::error, "the keeper of queued handles ends: %s", failed.what());
        os::exit_at_once(1);
    }
    os::exit_at_once(0);
}

}  // namespace procession::handoff
