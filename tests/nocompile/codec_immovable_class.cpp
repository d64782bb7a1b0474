// expect: this class can be neither copied nor moved
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
class Element {
  public:
    Element() = default;
    Element(const Element&) = delete;
    int number() const { return number_; }

  private:
    int number_ = 0;
};
#else
struct Element {
    int number = 0;
};
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
