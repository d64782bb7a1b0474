// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/handle.h"

#include <cerrno>
#include <string>

#include "os/linux/calls.h"
#include "procession/error.h"

namespace procession {

namespace calls = os::calls;

void Handle::reset(NativeHandle owned) noexcept {
    const NativeHandle old = native_;
    native_ = owned;
    if (old == no_handle || old == owned) return;
    const int kept = errno;
    // Not repeated on EINTR: Linux has released the number by then, and another thread may own it
    // (close(2)).
    calls::close(old);
    errno = kept;
}

Handle Handle::duplicate_of(NativeHandle borrowed) {
    // From 3 on: a closed standard stream must not make one of ours become stdin, stdout or stderr.
    const int copy = calls::duplicate(borrowed, 3);
    if (copy < 0)
        throw OSError({errno, std::system_category()}, "duplicate handle", std::to_string(borrowed),
                      "cannot duplicate the descriptor");
    return Handle(copy);
}

}  // namespace procession
