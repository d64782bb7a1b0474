// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/start_method.h"

#include <atomic>
#include <string>

#include "os/child.h"
#include "procession/error.h"

namespace procession::inline v0 {

namespace {

std::atomic<StartMethod> default_method{StartMethod::spawn};

}  // namespace

std::string_view name_of(StartMethod method) noexcept {
    switch (method) {
        case StartMethod::fork: return "fork";
        case StartMethod::spawn: return "spawn";
        case StartMethod::forkserver: return "forkserver";
    }
    return "unknown";
}

StartMethod start_method_from_name(std::string_view name) {
    std::string allowed;
    for (const StartMethod each : get_all_start_methods()) {
        if (name_of(each) == name) return each;
        allowed += allowed.empty() ? "" : ", ";
        allowed += name_of(each);
    }
    throw ValueError("choose start method", "\"" + std::string(name) + "\"",
                     "there is no such start method here; allowed are: " + allowed);
}

// relaxed: a lone setting
void set_start_method(StartMethod method) noexcept {
    default_method.store(method, std::memory_order_relaxed);
}
StartMethod get_start_method() noexcept { return default_method.load(std::memory_order_relaxed); }

std::vector<StartMethod> get_all_start_methods() {
    if (!detail::os::can_fork) return {StartMethod::spawn};
    return {StartMethod::spawn, StartMethod::fork, StartMethod::forkserver};
}

}  // namespace procession::inline v0
