// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession {

/// Thrown in a child's function, ends the child with this exit code: the stack is unwound, the
/// standard streams are flushed, nothing is printed. Use it instead of std::exit(), which in a
/// forked child would run the exit handlers and static destructors that belong to the parent.
///
/// Not a std::exception, so that `catch (const std::exception&)` lets it pass.
/// Python:  SystemExit, sys.exit(code)
struct SystemExit {
    int code = 0;
};

}  // namespace procession
