// expect: more than 32 fields
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/codec.h"

#ifndef PROCESSION_NOCOMPILE_CONTROL
struct Element {
    int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
    int q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd, ee, ff, gg;
};
#else
struct Element {
    int a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p;
    int q, r, s, t, u, v, w, x, y, z, aa, bb, cc, dd, ee, ff;
};
#endif

void send(const Element& element, procession::Writer& writer, procession::Format& format) {
    (void)procession::encode_message(element, writer, format);
}
