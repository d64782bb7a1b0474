// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include "procession/handle.h"

namespace procession::os {

using procession::Handle;
using procession::NativeHandle;
using procession::no_handle;

}  // namespace procession::os
