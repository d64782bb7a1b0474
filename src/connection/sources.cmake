# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What is compiled of this layer. A test looks that no .cc file is missing here.
set(sources
    acceptor.cc
    byte_connection.cc
    frames.cc
    handshake.cc
    listener.cc
    message_handles.cc
    shared_end.cc
    shared_end_table.cc
    wait.cc)
