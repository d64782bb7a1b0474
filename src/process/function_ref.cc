// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/code_location.h"
#include "procession/detail/launch.h"
#include "procession/error.h"

namespace procession::inline v0::detail::process {

FunctionRef ref_to(AnyFunction function) {
    os::CodeLocation location;
    if (const auto problem = os::locate_code(reinterpret_cast<const void*>(function), location)) {
        throw SharingError("encode", "function pointer",
                           function == nullptr
                               ? "it is null"
                               : "it points into no executable or library of this process");
    }
    if (location.build_id.empty() && !location.image.empty()) {
        throw SharingError("encode", "function pointer",
                           "it points into " + location.image +
                               ", which was linked without a build id, so another process cannot "
                               "check that it has the same one; link that library with "
                               "-Wl,--build-id, or use fork");
    }
    return {std::move(location.image), std::move(location.build_id), location.offset};
}

AnyFunction function_of(const FunctionRef& ref) {
    const void* code = nullptr;
    if (const auto problem = os::find_code({ref.image, ref.build_id, ref.offset}, code)) {
        const std::string image = ref.image.empty() ? "the program" : ref.image;
        throw DecodeError("decode", "function pointer",
                          "there is no code at offset " + std::to_string(ref.offset) + " of " +
                              image + " with build id " + ref.build_id +
                              " in this process (a library must be linked with -Wl,--build-id and "
                              "be loaded before procession::init)");
    }
    return reinterpret_cast<AnyFunction>(const_cast<void*>(code));
}

}  // namespace procession::inline v0::detail::process
