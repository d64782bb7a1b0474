// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>

#include "procession/detail/codec/writer.h"
#include "references.h"

namespace procession::python {

/// Writes an object as MessagePack, as the C++ side reads it:
///
///     None, bool, int, float, str      nil, boolean, integer, float 64, str
///     bytes, bytearray, memoryview     bin
///     list, tuple                      array
///     dict                             map
///     anything else                    what `to_plain` makes of it: dataclasses, datetimes
///
/// Throws: Raised; EncodeError: an integer beyond 64 bits, nesting beyond 64 levels.
void encode_messagepack(Writer& writer, PyObject* object);
/// The object in `bytes`, which any process may have written. Arrays become lists.
/// Throws: Raised; DecodeError.
[[nodiscard]] Ref decode_messagepack(std::span<const std::byte> bytes);

/// `to_plain(object)` gives one of the types above, or raises.
void use_plain_maker(PyObject* to_plain);

}  // namespace procession::python
