// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/handle.h"

#include <cerrno>
#include <string>

#include "os/linux/calls.h"
#include "procession/error.h"

namespace procession::inline v0 {

namespace calls = detail::os::calls;

void Handle::reset(NativeHandle owned) noexcept {
    const NativeHandle old = native_;
    native_ = owned;
    if (old == no_handle || old == owned) return;
    const int kept = errno;
    // Not repeated after EINTR: Linux has released the number already, and another thread may have
    // it now (close(2)).
    calls::close(old);
    errno = kept;
}

Handle Handle::duplicate_of(NativeHandle borrowed) {
    // At least 3: if the program has closed a standard stream, the copy must not become stdin,
    // stdout or stderr.
    const int copy = calls::duplicate(borrowed, 3);
    if (copy < 0)
        throw OSError({errno, std::system_category()}, "duplicate handle", std::to_string(borrowed),
                      "cannot duplicate the descriptor");
    return Handle(copy);
}

namespace detail::os {

bool are_same_object(NativeHandle one, NativeHandle other) noexcept {
    return calls::compare_files(one, other) == 0;
}

void raise_handle_limit() noexcept {
    rlimit limit{};
    if (calls::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    calls::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace detail::os
}  // namespace procession::inline v0
