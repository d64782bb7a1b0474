// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/attachment.h"

namespace procession {

// No item of these tests has handles.
void Attachment::release() noexcept {}

}  // namespace procession
