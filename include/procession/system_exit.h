// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession::inline v0 {

/// If a child's function throws this, the child ends with this exit code: the stack is unwound, the
/// standard streams are flushed, and nothing is printed. Use it instead of std::exit(), which in a
/// forked child would run exit handlers and static destructors that belong to the parent.
///
/// Not a std::exception, so that `catch (const std::exception&)` does not catch it.
/// Python:  SystemExit, sys.exit(code)
struct SystemExit {
    int code = 0;
};

}  // namespace procession::inline v0
