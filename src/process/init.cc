// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/init.h"

#include <charconv>
#include <string_view>
#include <system_error>

#include "handoff/keeper_client.h"
#include "os/inherited.h"
#include "process/forkserver.h"
#include "process/keeper_process.h"
#include "process/program.h"
#include "process/spawned_child.h"

namespace procession {

namespace process {

namespace {

std::optional<std::string>& name_of_program() noexcept {
    static std::optional<std::string> name;
    return name;
}

// Before main, so that no fork child waits for a thread of its parent that was just making the
// static.
[[maybe_unused]] const std::optional<std::string>& made_early = name_of_program();

}  // namespace

const std::optional<std::string>& program_name() noexcept { return name_of_program(); }
void forget_program_name() noexcept { name_of_program().reset(); }

os::Handle handle_named_by(std::string_view text) noexcept {
    std::int64_t number = -1;
    const char* const end = text.data() + text.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)  a literal
    const auto parsed = std::from_chars(text.data(), end, number);
    const bool is_one = parsed.ec == std::errc() && parsed.ptr == end && number >= 0;
    return is_one ? os::inherited_as(number) : os::Handle();
}

}  // namespace process

void init(int argc, char** argv) {
    const bool named = argc >= 1 && argv[0] != nullptr;
    process::name_of_program() = named ? argv[0] : "procession";
    handoff::set_keeper_starter(process::start_keeper);
    if (argc < 2) return;
    const std::string_view first(argv[1]);
    const std::string_view child(process::child_marker);
    const std::string_view keeper(process::keeper_marker);
    if (first.starts_with(child)) process::run_spawned_child(first.substr(child.size()));
    if (first.starts_with(keeper)) process::run_keeper(first.substr(keeper.size()));
    const std::string_view server(process::forkserver_marker);
    if (first.starts_with(server))
        process::run_forkserver(first.substr(server.size()), argc > 2 ? argv[2] : nullptr);
}

}  // namespace procession
