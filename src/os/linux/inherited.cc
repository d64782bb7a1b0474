// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/inherited.h"

#include <limits>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

std::string describe(NativeHandle handle) {
    char text[256];
    const std::string path = "/proc/self/fd/" + std::to_string(handle);
    const ssize_t length = calls::readlink(path.c_str(), text, sizeof text);
    return length < 0 ? "unknown" : std::string(text, static_cast<std::size_t>(length));
}

Handle find_inherited(std::int64_t number) noexcept {
    const bool is_valid = number >= 0 && number <= std::numeric_limits<int>::max();
    return Handle(is_valid ? static_cast<int>(number) : no_handle);
}

bool may_refer_to(const Handle& handle, const FileIdentity& identity) noexcept {
    FileIdentity found;
    std::uint64_t size = 0;
    return !identify(handle, found, size) && found == identity;
}

void close_on_exec(NativeHandle handle) noexcept {
    const int flags = calls::get_descriptor_flags(handle);
    if (flags >= 0) calls::set_descriptor_flags(handle, flags | FD_CLOEXEC);
}

}  // namespace procession::inline v0::detail::os
