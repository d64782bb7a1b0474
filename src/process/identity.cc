// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/identity.h"

#include <atomic>

#include "base/process_singleton.h"
#include "os/child.h"

namespace procession::inline v0 {

namespace detail::process {

namespace {

// Set once per process, before its first line of user code runs, and never freed.
constinit std::atomic<const Identity*> current{nullptr};
constinit std::atomic<unsigned> children_so_far{0};

struct MainProcess {
    Identity identity{"MainProcess", "", std::nullopt, {}};
};

}  // namespace

const Identity& identity() noexcept {
    // acquire: pairs with become(); the fields behind the pointer are whole
    const Identity* own = current.load(std::memory_order_acquire);
    return own != nullptr ? *own : base::ProcessSingleton<MainProcess>::instance().identity;
}

Identity identity_of_next_child(const ProcessOptions& options, StartMethod method) {
    // relaxed: only a unique number is needed
    const unsigned number = 1 + children_so_far.fetch_add(1, std::memory_order_relaxed);
    const Identity& own = identity();
    Identity next;
    next.path = own.path.empty() ? std::to_string(number) : own.path + ":" + std::to_string(number);
    next.name = options.name.empty() ? "Process-" + next.path : options.name;
    next.start_method = method;
    next.parent = {os::current_process_id(), own.name};
    return next;
}

void become(const Identity* own) noexcept {
    children_so_far.store(0, std::memory_order_relaxed);  // relaxed: one thread exists
    current.store(own, std::memory_order_release);        // pairs with identity()
}

}  // namespace detail::process

CurrentProcess current_process() {
    const auto& own = detail::process::identity();
    return {detail::os::current_process_id(), own.name, own.is_child(), own.start_method};
}

std::optional<ProcessInfo> parent_process() {
    const auto& own = detail::process::identity();
    if (!own.is_child()) return std::nullopt;
    return own.parent;
}

}  // namespace procession::inline v0
