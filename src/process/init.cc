// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/init.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "helper/program.h"
#include "process/forkserver.h"
#include "process/spawned_child.h"
#include "transfer/broker.h"

namespace procession::inline v0 {

namespace {

/// The main functions of the roles in which this program is started once more. They do not return.
struct RoleMain {
    const detail::helper::Role& role;
    void (*run)(std::string_view descriptor, const char* second_argument);
};

constexpr std::array kRoles{
    RoleMain{detail::process::child_role,
             [](std::string_view descriptor, const char*) {
                 detail::process::run_spawned_child(descriptor);
             }},
    RoleMain{
        detail::transfer::broker_role,
        [](std::string_view descriptor, const char*) { detail::transfer::run_broker(descriptor); }},
    RoleMain{detail::process::forkserver_role, detail::process::run_forkserver},
};

}  // namespace

void init(int argc, char** argv) {
    const bool named = argc >= 1 && argv[0] != nullptr;
    const auto argument = detail::helper::role_argument(argc >= 2 ? argv[1] : "");
    const auto* const found = std::ranges::find_if(
        kRoles, [&](const RoleMain& each) { return argument && each.role.name == argument->role; });
    const bool is_in_role = found != kRoles.end();
    detail::helper::set_program(named ? argv[0] : "procession", is_in_role);
    if (is_in_role) found->run(argument->descriptor, argc > 2 ? argv[2] : nullptr);
}

}  // namespace procession::inline v0
