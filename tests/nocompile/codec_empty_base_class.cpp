// expect: an aggregate with a base class cannot be taken apart
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
struct Base {};
struct Element : Base {
    std::string text;
};
#else
struct Element {
    std::string text;
};
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
