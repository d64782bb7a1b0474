// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/ready_set.h"

#include <cerrno>

#include "os/linux/calls.h"

namespace procession::os {

// The kernel keeps an epoll set's readiness up to date.

struct ReadySet::Rest {};

ReadySet::ReadySet() noexcept = default;
ReadySet::~ReadySet() = default;
ReadySet::ReadySet(ReadySet&& other) noexcept = default;
ReadySet& ReadySet::operator=(ReadySet&& other) noexcept = default;

std::error_code ReadySet::create() noexcept {
    Handle made(calls::epoll_create1(EPOLL_CLOEXEC));
    if (!made.valid()) return {errno, std::generic_category()};
    set_ = std::move(made);
    return {};
}

std::error_code ReadySet::add(NativeHandle member) noexcept {
    epoll_event event{.events = EPOLLIN, .data = {.fd = member}};
    if (calls::epoll_add(set_.get(), member, &event) == 0) return {};
    return {errno, std::generic_category()};
}

void ReadySet::remove(NativeHandle member) noexcept { calls::epoll_remove(set_.get(), member); }
void ReadySet::refresh() noexcept {}
void ReadySet::begin_look() noexcept {}
void ReadySet::close() noexcept { set_.reset(); }

}  // namespace procession::os
