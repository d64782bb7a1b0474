// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "procession/export.h"

namespace procession::inline v0 {

/// To be called in the first line of main. In a process that Procession did not start, it only
/// stores the arguments. In a child made by spawn or forkserver it decodes the callable and its
/// arguments, runs the callable, and ends the process: it does not return, and the rest of main
/// does not run. It does not return in the helper processes of Procession either (the forkserver,
/// and the broker of queued handles).
///
/// Code before this call in main, and all static initialisers, also run in each spawned child and
/// in each helper process.
///
/// Threads:    the main thread, before there are others.
/// Python:     `if __name__ == '__main__':` together with freeze_support()
PROCESSION_EXPORT void init(int argc, char** argv);

}  // namespace procession::inline v0
