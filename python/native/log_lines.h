// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "references.h"

namespace procession::python {

/// From now on the library's log lines go to `log(level, text)`, a Python function: not at once,
/// since a line may come without the interpreter's lock, and with locks of the library, but as soon
/// as the main thread runs Python code, or a thread of any kind ends a slice of its wait.
/// None: they go to stderr again, as at the end of the interpreter.
void use_logger(PyObject* log);

/// Hands over the lines that have come. An exception of the function is reported as unraisable.
void log_lines() noexcept;

}  // namespace procession::python
