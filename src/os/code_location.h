// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

namespace procession::inline v0::detail::os {

/// Where a function is, independent of load addresses, so that another process of the same build
/// can find it: the image (executable or library) that contains it, and its offset in the image.
struct CodeLocation {
    std::string image;     // its path, for error messages only; empty for the program itself
    std::string build_id;  // of the image, in hexadecimal; empty when it was linked without one
    std::uint64_t offset = 0;
};

/// Returns: address_not_available when `code` is in no image (for example, in the memory of a
/// just-in-time compiler).
[[nodiscard]] std::error_code locate_code(const void* code, CodeLocation& location);

/// The inverse of locate_code(). An image without a build id is found only when it is the program
/// itself.
/// Returns: no_such_file_or_directory when no image of that build is loaded in this process;
///          bad_address when the offset is not in its executable part.
[[nodiscard]] std::error_code find_code(const CodeLocation& location, const void*& code);

/// The build id of the running program, as in CodeLocation.
[[nodiscard]] std::string program_build_id();

}  // namespace procession::inline v0::detail::os
