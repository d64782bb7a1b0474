// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/windows/user.h"

#include <cstddef>
#include <new>
#include <vector>

#include "os/windows/api.h"
// After windows.h.
#include <sddl.h>

namespace procession::inline v0::detail::os {

namespace {

/// A TOKEN_USER, and the memory that it points to; empty on failure.
std::vector<std::byte> user_of(HANDLE process) {
    HANDLE opened = nullptr;
    if (!::OpenProcessToken(process, TOKEN_QUERY, &opened)) return {};
    const Handle token(opened);
    DWORD bytes = 0;
    ::GetTokenInformation(token.get(), TokenUser, nullptr, 0, &bytes);
    std::vector<std::byte> user(bytes);
    if (!::GetTokenInformation(token.get(), TokenUser, user.data(), bytes, &bytes)) return {};
    return user;
}

PSID id_in(std::vector<std::byte>& user) noexcept {
    return reinterpret_cast<TOKEN_USER*>(user.data())->User.Sid;
}

}  // namespace

std::wstring text_of_own_user() {
    auto user = user_of(::GetCurrentProcess());
    wchar_t* text = nullptr;
    if (user.empty() || !::ConvertSidToStringSidW(id_in(user), &text)) return {};
    std::wstring copy(text);
    ::LocalFree(text);
    return copy;
}

std::error_code check_process_user(const Handle& process) noexcept try {
    if (!process.valid()) return last_error();
    auto theirs = user_of(process.get());
    if (theirs.empty()) return last_error();
    auto ours = user_of(::GetCurrentProcess());
    if (ours.empty()) return last_error();
    return ::EqualSid(id_in(ours), id_in(theirs))
               ? std::error_code{}
               : std::make_error_code(std::errc::permission_denied);
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

}  // namespace procession::inline v0::detail::os
