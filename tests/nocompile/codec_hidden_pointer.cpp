// expect: there may be a pointer among them
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

class Element {
  public:
    explicit Element(const char* text) : text_(text) {}
    [[nodiscard]] const char* text() const { return text_; }

  private:
    const char* text_;
};

#ifdef PROCESSION_NOCOMPILE_CONTROL
template <>
inline constexpr bool procession::is_raw_bytes<Element> = true;
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
