// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "versions.h"

#include <_mingw.h>

namespace procession::bench {

std::string versions() {
    return "g++ " __VERSION__ ", mingw-w64 " + std::to_string(__MINGW64_VERSION_MAJOR) + '.' +
           std::to_string(__MINGW64_VERSION_MINOR);
}

}  // namespace procession::bench
