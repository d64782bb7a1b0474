// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <system_error>

namespace procession::os {

/// Where a piece of code is, said so that another process running the same build can find it: the
/// image (executable or library) that holds it and its distance from where the image was loaded.
struct CodePlace {
    std::string image;     // its path, for error messages only; empty for the program itself
    std::string build_id;  // the linker's fingerprint in hexadecimal; empty when linked without one
    std::uint64_t offset = 0;
};

/// address_not_available when `code` lies in no image (say, in memory of a just-in-time compiler).
[[nodiscard]] std::error_code place_of_code(const void* code, CodePlace& place);

/// The way back. no_such_file_or_directory when no image of that build is loaded here;
/// bad_address when the offset is not in the executable part of it.
/// An image without a build id is found only when it is the program itself.
[[nodiscard]] std::error_code code_at(const CodePlace& place, const void*& code);

/// The build id of the running program, as in CodePlace.
[[nodiscard]] std::string program_build_id();

}  // namespace procession::os
