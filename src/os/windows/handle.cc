// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/api.h"
#include "procession/error.h"

namespace procession {

void Handle::reset(NativeHandle owned) noexcept {
    const NativeHandle old = native_;
    native_ = owned;
    if (old == no_handle || old == owned) return;
    const DWORD kept = ::GetLastError();
    ::CloseHandle(old);
    ::SetLastError(kept);
}

Handle Handle::duplicate_of(NativeHandle borrowed) {
    Handle copy = os::duplicate_here(borrowed, 0, false);
    if (!copy.valid()) {
        throw OSError(os::last_error(), "duplicate handle", os::text_of(borrowed),
                      "cannot duplicate it");
    }
    return copy;
}

}  // namespace procession
