// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "keeper_image.h"

// The bytes of the program lie between these two symbols, which no other file sees.
asm(".pushsection .rodata\n"
    ".balign 16\n"
    "procession_keeper_begin:\n"
    ".incbin \"" PROCESSION_KEEPER_PROGRAM
    "\"\n"
    "procession_keeper_end:\n"
    ".popsection\n");

namespace procession::python {

namespace {

extern "C" {
[[gnu::visibility("hidden")]] extern const std::byte procession_keeper_begin[];
[[gnu::visibility("hidden")]] extern const std::byte procession_keeper_end[];
}

}  // namespace

std::span<const std::byte> keeper_image() noexcept {
    return {procession_keeper_begin, procession_keeper_end};
}

}  // namespace procession::python
