// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/run_keeper.h"

#include <charconv>
#include <cstdint>
#include <exception>
#include <system_error>
#include <utility>

#include "base/logging.h"
#include "handoff/keeper.h"
#include "os/child.h"
#include "os/handle.h"
#include "os/inherited.h"
#include "os/signals.h"

namespace procession::process {

os::Handle handle_named_by(std::string_view text) noexcept {
    std::int64_t number = -1;
    const char* const end = text.data() + text.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)  a literal
    const auto parsed = std::from_chars(text.data(), end, number);
    const bool is_one = parsed.ec == std::errc() && parsed.ptr == end && number >= 0;
    return is_one ? os::find_inherited(number) : os::Handle();
}

void run_keeper(std::string_view descriptor) noexcept {
    os::Handle channel = handle_named_by(descriptor);
    if (!channel.valid()) os::exit_immediately(127);
    try {
        os::set_process_name("procession-keep");
        os::close_on_exec(channel.get());
        os::redirect_stdio_to_null();
        os::ignore_terminal_signals();
        os::raise_handle_limit();
        handoff::Keeper(std::move(channel)).run();
    } catch (const std::exception& failed) {
        base::log(LogLevel::error, "the keeper of queued handles ends: %s", failed.what());
        os::exit_immediately(1);
    }
    os::exit_immediately(0);
}

}  // namespace procession::process
