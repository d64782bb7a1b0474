// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/image.h"
#include "procession/error.h"
#include "procession/launch.h"

namespace procession::process {

FunctionRef ref_to(AnyFunction function) {
    os::CodePlace place;
    if (const auto problem = os::place_of_code(reinterpret_cast<const void*>(function), place)) {
        throw SharingError("encode", "function pointer",
                           function == nullptr
                               ? "it is null"
                               : "it points into no executable or library of this process");
    }
    if (place.build_id.empty() && !place.image.empty()) {
        throw SharingError("encode", "function pointer",
                           "it points into " + place.image +
                               ", which was linked without a build id, so that another process "
                               "could not tell whether it has the same one; link that library with "
                               "-Wl,--build-id, or use fork");
    }
    return {std::move(place.image), std::move(place.build_id), place.offset};
}

AnyFunction function_of(const FunctionRef& ref) {
    const void* code = nullptr;
    if (const auto problem = os::code_at({ref.image, ref.build_id, ref.offset}, code)) {
        const std::string image = ref.image.empty() ? "the program" : ref.image;
        throw DecodeError("decode", "function pointer",
                          "there is no code at offset " + std::to_string(ref.offset) + " of " +
                              image + " with build id " + ref.build_id +
                              " in this process (a library must be linked with -Wl,--build-id and "
                              "be loaded before procession::init)");
    }
    return reinterpret_cast<AnyFunction>(const_cast<void*>(code));
}

}  // namespace procession::process
