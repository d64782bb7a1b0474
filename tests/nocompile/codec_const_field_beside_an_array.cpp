// expect: a struct with an array field is filled in place
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
struct Element {
    const std::string text;
    int numbers[3];
};
#else
struct Element {
    std::string text;
    int numbers[3];
};
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
