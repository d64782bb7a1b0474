# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What is compiled of this layer. A test looks that no .cc file is missing here.
set(sources
    broker.cc
    broker_client.cc
    broker_connection.cc
    broker_connections.cc
    broker_table.cc
    handle_codec.cc
    handle_deposit.cc
    receive_context.cc
    send_context.cc)
