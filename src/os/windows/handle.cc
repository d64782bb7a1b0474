// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/api.h"
#include "procession/error.h"

namespace procession::inline v0 {

void Handle::reset(NativeHandle owned) noexcept {
    const NativeHandle old = native_;
    native_ = owned;
    if (old == no_handle || old == owned) return;
    const DWORD kept = ::GetLastError();
    ::CloseHandle(old);
    ::SetLastError(kept);
}

Handle Handle::duplicate_of(NativeHandle borrowed) {
    Handle copy = detail::os::duplicate_here(borrowed, 0, false);
    if (!copy.valid()) {
        throw OSError(detail::os::last_error(), "duplicate handle", detail::os::text_of(borrowed),
                      "cannot duplicate it");
    }
    return copy;
}

namespace detail::os {

bool are_same_object(NativeHandle one, NativeHandle other) noexcept {
    using Compare = BOOL(WINAPI*)(HANDLE, HANDLE);
    // Looked up at run time: not every toolchain has it in its import library. The cast is safe
    // because this is its documented type.
    // NOLINTNEXTLINE(bugprone-casting-through-void)
    static const auto compare = reinterpret_cast<Compare>(reinterpret_cast<void*>(
        ::GetProcAddress(::GetModuleHandleW(L"kernelbase.dll"), "CompareObjectHandles")));
    return compare != nullptr && compare(one, other) != FALSE;
}

void raise_handle_limit() noexcept {}  // 16 million are always allowed

}  // namespace detail::os
}  // namespace procession::inline v0
