// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "handoff/spawning.h"

#include <string>

#include "base/logging.h"
#include "base/step.h"
#include "os/inherited.h"
#include "procession/error.h"

namespace procession::handoff {

namespace {

thread_local Spawning* innermost = nullptr;

}  // namespace

Spawning::Spawning() noexcept : outer_(innermost) { innermost = this; }
Spawning::~Spawning() { innermost = outer_; }
Spawning* Spawning::current() noexcept { return innermost; }

NotSpawning::NotSpawning() noexcept : hidden_(innermost) { innermost = nullptr; }
NotSpawning::~NotSpawning() { innermost = hidden_; }

std::uint32_t Spawning::add(os::NativeHandle handle) {
    os::Handle copy = os::Handle::duplicate_of(handle);
    os::FileIdentity identity;
    std::uint64_t size = 0;
    if (const auto problem = os::identify(copy, identity, size))
        throw OSError(problem, "pass handle", std::to_string(handle), "cannot identify it");
    for (std::size_t index = 0; index < added_.size(); ++index) {
        const auto& each = added_[index];
        // The number alone would not do: it may have been closed and given out again in between.
        if (each.original == handle && each.identity == identity)
            return static_cast<std::uint32_t>(index);
    }
    PROCESSION_STEP("handoff.duplicated");
    const auto index = static_cast<std::uint32_t>(added_.size());
    manifest_.push_back({copy.get(), identity.device, identity.inode, os::describe(copy.get())});
    base::log(LogLevel::debug, "handle %d -> duplicated into child as index %u (%s)", handle, index,
              manifest_.back().object.c_str());
    added_.push_back({handle, identity, std::move(copy)});
    return index;
}

void assert_spawning(std::string_view type) {
    if (Spawning::current() != nullptr) return;
    throw SharingError("encode", type,
                       std::string(type) +
                           " objects should only be shared between processes "
                           "through inheritance or a Procession channel");
}

}  // namespace procession::handoff
