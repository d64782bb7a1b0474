// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "references.h"

namespace procession::python {

/// A read-only memoryview of bytes that `holder` keeps where they are: of an item in the queue,
/// whose memory goes back there with the last memoryview, array or other object that shows some of
/// it. Throws: Raised.
[[nodiscard]] Ref view_of(std::span<const std::byte> bytes,
                          const std::shared_ptr<const void>& holder);

/// Makes the type behind them known. Returns: 0, or -1 with an exception set.
int add_shared_view_type(PyObject* module);

}  // namespace procession::python
