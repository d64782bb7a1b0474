// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "references.h"

namespace procession::python {

/// The type of mappings that look in two dicts, one after the other, each time: a pickler asks for
/// each object that is not of a built-in type, and whatever was registered last counts. (ChainMap
/// does the same in a microsecond, which is as long as pickling a small object takes.)
/// Returns: 0, or -1 with an exception set.
int add_dispatch_table_type(PyObject* module);

}  // namespace procession::python
