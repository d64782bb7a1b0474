// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/memory_file.h"

namespace procession::inline v0::detail::os {

std::error_code refers_to(const Handle& file, const FileIdentity& identity) noexcept {
    FileIdentity found;
    std::uint64_t size = 0;
    if (const std::error_code unknown = identify(file, found, size)) return unknown;
    if (found == identity) return {};
    return std::make_error_code(std::errc::bad_file_descriptor);
}

}  // namespace procession::inline v0::detail::os
