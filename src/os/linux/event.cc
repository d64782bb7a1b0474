// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/event.h"

#include <cerrno>
#include <cstdint>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

std::error_code Event::open() noexcept {
    handle_.reset(calls::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    return handle_.valid() ? std::error_code() : calls::last_error();
}

// Apart from signals, neither call fails in a way that matters: the counter never comes near its
// maximum, and to clear a flag that is not set does nothing.
void Event::set() noexcept {
    const std::uint64_t one = 1;
    calls::uninterrupted([&] { return calls::write(handle_.get(), &one, sizeof one); });
}

void Event::clear() noexcept {
    std::uint64_t all = 0;
    calls::uninterrupted([&] { return calls::read(handle_.get(), &all, sizeof all); });
}

}  // namespace procession::inline v0::detail::os
