// expect: std::vector instead of std::span
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <span>

#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
struct Element {
    std::span<const int> numbers;
};
#else
struct Element {
    std::vector<int> numbers;
};
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
