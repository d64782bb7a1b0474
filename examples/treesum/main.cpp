// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
//
// treesum [DIR]    SHA-256 of every regular file at and below DIR, by several worker processes.
//
// The tasks go through one JoinableQueue and the results through another; both are fields of one
// object, TreeSum, and that object is what each worker is started with. Workers may be killed at
// any moment (--chaos does it): what one had in hand goes to another, and the output stays the
// same.

#include <procession/procession.h>

#include <cstdio>
#include <exception>
#include <system_error>

#include "foreman.h"
#include "options.h"
#include "system.h"
#include "walker.h"

int main(int argc, char** argv) try {
    procession::init(argc, argv);
    int status = 0;
    const auto options = treesum::parse(treesum::arguments_of(argc, argv), status);
    if (!options) return status;
    if (const int problem = treesum::problem_of(options->folder); problem != 0) {
        std::fprintf(stderr,
                     "treesum: DIR: '%s': %s; name a directory or a regular file that exists\n",
                     treesum::shown(options->folder).c_str(),
                     std::generic_category().message(problem).c_str());
        return 2;
    }
    // Each worker takes three descriptors here; the usual soft limit would end at about 300.
    treesum::allow_open_files(64 + 4 * options->workers);
    treesum::listen_to_signals();
    return treesum::Foreman(*options).run();
} catch (const std::exception& failed) {
    std::fprintf(stderr, "treesum: %s\n", failed.what());
    return 1;
}
