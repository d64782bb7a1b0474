// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace procession {

/// Call it as the first line of main. In the program itself it only remembers how the program was
/// called. In a child made by spawn it rebuilds the callable and its arguments, runs it, and ends
/// the process: it does not return, and the rest of main does not run.
///
/// What stands before it in main, and all static initialisers, run in each spawned child too.
///
/// Threads:    the first one, before others exist.
/// Python:     `if __name__ == '__main__':` together with freeze_support()
void init(int argc, char** argv);

}  // namespace procession
