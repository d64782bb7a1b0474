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
    HANDLE copy = nullptr;
    const HANDLE here = ::GetCurrentProcess();
    if (!::DuplicateHandle(here, borrowed, here, &copy, 0, FALSE, DUPLICATE_SAME_ACCESS)) {
        throw OSError(os::last_error(), "duplicate handle", os::text_of(borrowed),
                      "cannot duplicate it");
    }
    return Handle(copy);
}

}  // namespace procession
