// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <vector>

#include "process/child_record.h"

namespace procession::inline v0::detail::process {

/// The children of this process whose Process objects still hold them. A fork child starts with
/// none.
///
/// Threads: any.
void add_to_table(const std::shared_ptr<ChildRecord>& record);
void remove_from_table(const ChildRecord& record) noexcept;
[[nodiscard]] std::vector<std::shared_ptr<ChildRecord>> children_in_table();

/// Terminates the daemons among them, as the end of a process does.
void end_daemons() noexcept;

/// How long a daemon may take to follow SIGTERM before it is killed.
inline constexpr std::chrono::seconds daemon_patience{5};

}  // namespace procession::inline v0::detail::process
