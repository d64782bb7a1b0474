// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crash/kill_point_fixture.h"

template class procession::death::KillPointDriver<procession::death::QueueSubject>;
