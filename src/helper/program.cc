// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "helper/program.h"

#include <charconv>
#include <cstdint>

#include "base/process_singleton.h"
#include "os/inherited.h"
#include "procession/error.h"

namespace procession::inline v0::detail::helper {

namespace {

constexpr std::string_view kPrefix = "--procession-";

/// What this process starts in a role. Written before main's second line, or when Python imports
/// the module.
struct Programs {
    std::optional<std::string> name;
    bool is_in_role = false;  // init() has found a role, and obeyed it
    std::string_view role_of_image;
    std::span<const std::byte> image;
};

Programs& programs() noexcept { return base::ProcessSingleton<Programs>::instance(); }

}  // namespace

std::optional<RoleArgument> role_argument(std::string_view argument) noexcept {
    if (!argument.starts_with(kPrefix)) return std::nullopt;
    argument.remove_prefix(kPrefix.size());
    const std::size_t end = argument.find('=');
    if (end == argument.npos) return std::nullopt;
    return RoleArgument{argument.substr(0, end), argument.substr(end + 1)};
}

os::Handle handle_named_by(std::string_view descriptor) noexcept {
    std::int64_t number = -1;
    const char* const end = descriptor.data() + descriptor.size();
    // NOLINTNEXTLINE(bugprone-suspicious-stringview-data-usage)  a literal
    const auto parsed = std::from_chars(descriptor.data(), end, number);
    const bool is_one = parsed.ec == std::errc() && parsed.ptr == end && number >= 0;
    return is_one ? os::find_inherited(number) : os::Handle();
}

bool can_start(const Role& role) noexcept { return has_image(role) || program_name(); }

std::error_code start_in_role(const Role& role, const RoleStart& start, os::Child& started) {
    const bool is_image = has_image(role);
    os::SpawnPlan plan;
    plan.arguments = {is_image ? std::string("procession-") + role.name : *program_name(),
                      std::string(kPrefix) + role.name + "=" + os::text_of(start.handles.front())};
    plan.arguments.insert(plan.arguments.end(), start.further_arguments.begin(),
                          start.further_arguments.end());
    plan.inherited = start.handles;
    return is_image ? os::spawn_program(programs().image, plan, started)
                    : os::spawn_same_program(plan, started);
}

void refuse_to_start_again(const Role& role) {
    if (has_image(role) || programs().is_in_role) return;
    if (!os::first_argument().starts_with(kPrefix)) return;
    throw ProcessError({}, "start", role.name,
                       "this process was itself started as a helper, by its first argument (" +
                           os::first_argument() +
                           "), which procession::init() was not told: call init(argc, argv) with "
                           "the arguments of main, as its first line");
}

void use_image(const Role& role, std::span<const std::byte> image) noexcept {
    programs().role_of_image = role.name;
    programs().image = image;
}
bool has_image(const Role& role) noexcept {
    return !programs().image.empty() && programs().role_of_image == role.name;
}

const std::optional<std::string>& program_name() noexcept { return programs().name; }
void set_program(const char* name, bool is_in_role) {
    programs().name = name;
    programs().is_in_role = is_in_role;
}
void forget_program_name() noexcept { programs().name.reset(); }

}  // namespace procession::inline v0::detail::helper
