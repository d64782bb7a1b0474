// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/ready_set.h"

#include <new>

#include "os/linux/calls.h"

namespace procession::inline v0::detail::os {

/// The kernel keeps the readiness of an epoll set up to date.
struct ReadySet::Impl {
    Handle epoll;
};

ReadySet::ReadySet() noexcept = default;
ReadySet::~ReadySet() = default;
ReadySet::ReadySet(ReadySet&& other) noexcept = default;
ReadySet& ReadySet::operator=(ReadySet&& other) noexcept = default;

std::error_code ReadySet::create() noexcept try {
    Handle made(calls::epoll_create1(EPOLL_CLOEXEC));
    if (!made.valid()) return calls::last_error();
    impl_ = std::make_unique<Impl>(Impl{std::move(made)});
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code ReadySet::add(NativeHandle member) noexcept {
    epoll_event event{.events = EPOLLIN, .data = {.fd = member}};
    const bool added = calls::epoll_add(impl_->epoll.get(), member, &event) == 0;
    return added ? std::error_code{} : calls::last_error();
}

void ReadySet::remove(NativeHandle member) noexcept {
    calls::epoll_remove(impl_->epoll.get(), member);
}
void ReadySet::refresh() noexcept {}
void ReadySet::begin_look() noexcept {}
void ReadySet::close() noexcept { impl_.reset(); }

NativeHandle ReadySet::native_handle() const noexcept {
    return impl_ != nullptr ? impl_->epoll.get() : no_handle;
}

}  // namespace procession::inline v0::detail::os
