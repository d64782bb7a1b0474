# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
# What is compiled of this layer. A test looks that no .cc file is missing here.
set(sources
    batch.cc
    byte_loan.cc
    byte_queue.cc
    consumer_side.cc
    dead_letters.cc
    death.cc
    encoded_items.cc
    lease_books.cc
    lease_holder.cc
    lease_table.cc
    log_head.cc
    log_tail.cc
    observation.cc
    participant.cc
    producer_side.cc
    queue_handle.cc
    queue_observer.cc
    queue_stats.cc
    readiness.cc
    records.cc
    recovery.cc
    returned_list.cc
    shared_queue.cc
    undecodable_items.cc)
