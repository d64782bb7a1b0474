// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "placement.h"

#include "team.h"

namespace procession::bench {

const char* show(Placement placement) {
    switch (placement) {
        case Placement::two_cpus: return "a cpu each";
        case Placement::one_cpu: return "one cpu";
        case Placement::free: break;
    }
    return "free";
}

bool is_possible(Placement placement) {
    return placement != Placement::two_cpus || allowed_cpus().size() > 1;
}

int cpu_for(Role role, Placement placement) {
    if (placement == Placement::free) return kAnyCpu;
    return placement == Placement::two_cpus && role == Role::consumer ? 1 : 0;
}

}  // namespace procession::bench
