// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/init.h"
#include "base/process_singleton.h"

#include <string>
#include <string_view>

#include "handoff/keeper_client.h"
#include "os/child.h"
#include "process/forkserver.h"
#include "process/keeper_process.h"
#include "process/program.h"
#include "process/run_keeper.h"
#include "process/spawned_child.h"
#include "procession/error.h"

namespace procession {

namespace process {

namespace {

std::optional<std::string>& name_of_program() noexcept {
    return base::ProcessSingleton<std::optional<std::string>>::instance();
}

}  // namespace

const std::optional<std::string>& program_name() noexcept { return name_of_program(); }
void forget_program_name() noexcept { name_of_program().reset(); }

namespace {

bool is_helper = false;  // init() has found one of our markers, and obeyed it

}  // namespace

void refuse_to_start_again(const char* what) {
    constexpr const char* any_marker = "--procession-";
    if (is_helper || !os::first_argument().starts_with(any_marker)) return;
    throw ProcessError({}, "start", what,
                       "this process was itself started as a helper, by its first argument (" +
                           os::first_argument() +
                           "), which procession::init() was not told: call init(argc, argv) with "
                           "the arguments of main, as its first line");
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
    const std::string_view server(process::forkserver_marker);
    process::is_helper =
        first.starts_with(child) || first.starts_with(keeper) || first.starts_with(server);
    if (first.starts_with(child)) process::run_spawned_child(first.substr(child.size()));
    if (first.starts_with(keeper)) process::run_keeper(first.substr(keeper.size()));
    if (first.starts_with(server))
        process::run_forkserver(first.substr(server.size()), argc > 2 ? argv[2] : nullptr);
}

}  // namespace procession
