// expect: this class of the standard library has no encoding
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <mutex>

#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
struct Element {
    std::string text;
    std::mutex mutex;
};
#else
struct Element {
    std::string text;
};
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
