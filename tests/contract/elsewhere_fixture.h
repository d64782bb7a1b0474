// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "contract/process_fixture.h"

namespace procession::testing {

inline bool is_root() { return ::geteuid() == 0; }

/// From now on this process belongs to a user without privileges, whom no other test knows: the
/// kernel counts for each user.
inline void become_another_user() {
    const auto user = static_cast<uid_t>(60000 + ::getpid() % 5000);
    must(::setgid(user) == 0 && ::setuid(user) == 0);
}

/// From now on no abstract address of this machine is known here.
inline void leave_network_namespace() { must(::unshare(CLONE_NEWNET) == 0); }

inline void allow_open_files(rlim_t most) {
    const rlimit limit{most, most};
    must(::setrlimit(RLIMIT_NOFILE, &limit) == 0);
}

}  // namespace procession::testing
