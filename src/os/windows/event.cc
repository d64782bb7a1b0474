// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/event.h"

#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

std::error_code Event::open() noexcept {
    handle_.reset(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    return handle_.valid() ? std::error_code() : last_error();
}

void Event::set() noexcept { ::SetEvent(handle_.get()); }
void Event::clear() noexcept { ::ResetEvent(handle_.get()); }

}  // namespace procession::inline v0::detail::os
