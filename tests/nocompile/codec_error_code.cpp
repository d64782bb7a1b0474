// expect: this class of the standard library has no encoding
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
using Element = std::error_code;
#else
using Element = int;
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
