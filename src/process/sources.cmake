# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What is compiled of this layer. A test looks that no .cc file is missing here.
set(sources
    bootstrap.cc
    child_record.cc
    child_table.cc
    forkserver.cc
    forkserver_client.cc
    function_ref.cc
    function_text.cc
    identity.cc
    init.cc
    launch.cc
    process.cc
    report.cc
    run_child.cc
    spawned_child.cc
    start_method.cc)
