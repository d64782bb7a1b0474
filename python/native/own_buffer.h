// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include "references.h"

namespace procession::python {

/// A bytearray for what was read-only where it came from, and is the receiver's own here. The
/// pickle says that such a buffer is read-only: the unpickler looks whether it is, and would wrap a
/// writable one in a read-only memoryview, over which no array could be written to. So this one
/// says so to the first that looks, the unpickler, and is a bytearray like any other afterwards.
/// Throws: Raised.
[[nodiscard]] Ref new_own_buffer(std::size_t size);

/// Makes the type known. Returns: 0, or -1 with an exception set.
int add_own_buffer_type(PyObject* module);

}  // namespace procession::python
