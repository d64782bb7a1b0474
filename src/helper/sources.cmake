# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What is compiled of this layer. A test looks that no .cc file is missing here.
set(sources
    helper_process.cc
    helper_server.cc
    program.cc
    rpc.cc)
