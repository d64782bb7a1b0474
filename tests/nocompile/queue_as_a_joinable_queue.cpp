// expect: conversion from
// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/queue.h"
#include "procession/joinable_queue.h"

void give(procession::Queue<int> queue) {
#ifndef PROCESSION_NOCOMPILE_CONTROL
    procession::JoinableQueue<int> other = queue;
#else
    procession::Queue<int> other = queue;
#endif
    other.put(1);
}
