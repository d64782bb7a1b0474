// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/kill_points.h"
#include "death/queue/subject.h"

template class procession::death::KillPointDriver<procession::death::QueueSubject>;
