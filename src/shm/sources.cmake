# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What is compiled of this layer. A test looks that no .cc file is missing here.
set(sources
    active_operations.cc
    block_pool.cc
    death_log.cc
    event_count.cc
    open_object.cc
    participant_table.cc
    participants.cc
    robust_lock.cc
    segment.cc
    shared_object.cc
    shared_object_deaths.cc)
