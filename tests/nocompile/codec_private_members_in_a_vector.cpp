// expect: this class has private members or constructors
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
class Secret {
  public:
    std::string text() const { return text_; }

  private:
    std::string text_;
};
using Element = std::vector<Secret>;
#else
using Element = std::vector<std::string>;
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
