// expect: this class has private members or constructors
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
class Element {
  public:
    std::string text() const { return text_; }

  private:
    std::string text_;
};
#else
struct Element {
    std::string text_;
};
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
