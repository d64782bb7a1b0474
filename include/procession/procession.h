// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// All of Procession. `namespace mp = procession;` reads like Python's multiprocessing.

#include "procession/address.h"
#include "procession/byte_connection.h"
#include "procession/byte_queue.h"
#include "procession/client.h"
#include "procession/codec.h"
#include "procession/connection.h"
#include "procession/deadline.h"
#include "procession/error.h"
#include "procession/handle.h"
#include "procession/init.h"
#include "procession/joinable_queue.h"
#include "procession/listener.h"
#include "procession/log.h"
#include "procession/pipe.h"
#include "procession/process.h"
#include "procession/process_future.h"
#include "procession/queue.h"
#include "procession/result.h"
#include "procession/wait.h"
