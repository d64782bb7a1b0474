// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>

#include "procession/byte_view.h"
#include "references.h"

namespace procession::python {

/// A read-only memoryview of a part of an item where it lies in the queue. The item's memory goes
/// back to the queue with the last memoryview, array or other object that shows some of it.
/// Throws: Raised.
[[nodiscard]] Ref view_of(const std::shared_ptr<const ByteView>& item, std::size_t at,
                          std::size_t size);

/// Makes the type behind them known. Returns: 0, or -1 with an exception set.
int add_shared_view_type(PyObject* module);

}  // namespace procession::python
