// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "os/child.h"
#include "os/handle.h"

namespace procession::inline v0::detail::helper {

/// The program of this process may be started once more in a role: as a child, as a helper. The
/// first argument says so, "--procession-<role>=<descriptor>", and procession::init() finds the
/// main function of the role by that name.
struct Role {
    const char* name;   // in the argument
    const char* title;  // in messages: "the forkserver"
};

/// What a first argument says. The texts point into it.
struct RoleArgument {
    std::string_view role;
    std::string_view descriptor;
};
/// Returns: nothing when this is no such argument.
[[nodiscard]] std::optional<RoleArgument> role_argument(std::string_view argument) noexcept;
/// The handle that the argument passes on; an invalid one when it names none.
[[nodiscard]] os::Handle handle_named_by(std::string_view descriptor) noexcept;

/// One start. The handles keep their numbers; the argument names the first one.
struct RoleStart {
    std::vector<os::NativeHandle> handles;
    std::vector<std::string> further_arguments;
};
/// Whether the start can be attempted at all: init() was called, or the role has an image.
[[nodiscard]] bool can_start(const Role& role) noexcept;
/// To be called before anything is made for a start.
/// Throws: ProcessError when this process is itself in a role that init() does not know of: it
/// would
///         start the next one, and that another.
void refuse_to_start_again(const Role& role);
/// Returns: what the system says; see os::spawn_same_program() and os::spawn_program().
[[nodiscard]] std::error_code start_in_role(const Role& role, const RoleStart& start,
                                            os::Child& started);

/// From now on the role is that of another program, whose image is in this process's memory: this
/// program cannot be started in it (an interpreter of Python, or an application that embeds or
/// freezes one).
///
/// Threads: before the first use.
void use_image(const Role& role, std::span<const std::byte> image) noexcept;
[[nodiscard]] bool has_image(const Role& role) noexcept;

/// argv[0] of this program; nothing until init() has been called.
[[nodiscard]] const std::optional<std::string>& program_name() noexcept;
/// By init(): the name, and whether the arguments of main put this process into a role.
void set_program(const char* name, bool is_in_role);
/// For tests of what happens without init().
void forget_program_name() noexcept;

}  // namespace procession::inline v0::detail::helper
