// expect: a polymorphic class may be something larger
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
struct Base {
    virtual ~Base() = default;
};
using Element = std::shared_ptr<Base>;
#else
using Element = std::shared_ptr<int>;
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
