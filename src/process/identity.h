// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "procession/current_process.h"
#include "procession/process_options.h"
#include "procession/start_method.h"

namespace procession::inline v0::detail::process {

/// The place of this process in its family.
struct Identity {
    std::string name;
    std::string path;  // "1:2" for the second child of the first; empty in the main process
    std::optional<StartMethod> start_method;
    ProcessInfo parent;  // meaningful in a child only

    [[nodiscard]] bool is_child() const noexcept { return start_method.has_value(); }
};

[[nodiscard]] const Identity& identity() noexcept;

/// The identity of the next child, which is counted.
[[nodiscard]] Identity identity_of_next_child(const ProcessOptions& options, StartMethod method);

/// In a fresh child: takes this identity for the rest of the process's life; its own children are
/// counted from 1 again. Allocates nothing.
void become(const Identity* own) noexcept;

}  // namespace procession::inline v0::detail::process
