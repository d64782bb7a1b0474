// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/wait.h"

#include "os/wait.h"

namespace procession::inline v0 {

std::vector<std::size_t> wait(std::span<const Waitable> things, Deadline deadline) {
    std::vector<detail::os::Watched> watched;
    watched.reserve(things.size());
    for (const auto& each : things) watched.push_back({each.native_handle()});
    std::vector<std::size_t> ready;
    if (!detail::os::wait_any(watched, deadline)) return ready;
    for (std::size_t i = 0; i < watched.size(); ++i) {
        if (watched[i].ready) ready.push_back(i);
    }
    return ready;
}

}  // namespace procession::inline v0
