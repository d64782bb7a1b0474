// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <exception>

#include "procession/error.h"

namespace procession::fuzz {

/// Ends the process, so that the fuzzer keeps the input: something happened that must not.
[[noreturn]] inline void found(const char* what) {
    std::fprintf(stderr, "fuzz target: %s\n", what);
    std::abort();
}

/// Runs what a caller of the library may run on bytes from another process. The only outcomes are
/// that it returns, or a procession::Error. Returns whether it returned.
template <class Act>
bool survives(Act act) {
    try {
        act();
        return true;
    } catch (const Error&) {
        return false;
    } catch (const std::exception& other) {
        found(other.what());
    } catch (...) {
        found("an exception that is no std::exception left the library");
    }
}

}  // namespace procession::fuzz
