// expect: a lambda with captures hides what it captured
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
inline auto make(int number) {
    return [number] { return number; };
}
using Element = decltype(make(1));
#else
using Element = int;
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
