// expect: there may be a pointer among them
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

class View {
  public:
    View() = default;
    [[nodiscard]] const char* data() const { return data_; }

  private:
    const char* data_ = nullptr;
};

struct Element {
    int number = 0;
#ifndef PROCESSION_NOCOMPILE_CONTROL
    std::vector<View> views;
#endif
};

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
