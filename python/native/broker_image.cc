// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "broker_image.h"

// The bytes of the program lie between these two symbols, which no other file sees.
asm(".pushsection .rodata\n"
    ".balign 16\n"
    "procession_broker_begin:\n"
    ".incbin \"" PROCESSION_BROKER_PROGRAM
    "\"\n"
    "procession_broker_end:\n"
    ".popsection\n");

namespace procession::python {

namespace {

extern "C" {
[[gnu::visibility("hidden")]] extern const std::byte procession_broker_begin[];
[[gnu::visibility("hidden")]] extern const std::byte procession_broker_end[];
}

}  // namespace

std::span<const std::byte> broker_image() noexcept {
    return {procession_broker_begin, procession_broker_end};
}

}  // namespace procession::python
