// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/ready_set.h"

#include <list>
#include <new>
#include <utility>

#include "os/windows/pipe_watch.h"

namespace procession::inline v0::detail::os {

/// An event that a PipeWatch for each member sets.
struct ReadySet::Impl {
    Handle event;
    std::list<PipeWatch> members;  // behind the event: a pending watch uses it
    bool has_news = false;         // a watch has reported something since the last begin_look()
};

ReadySet::ReadySet() noexcept = default;
ReadySet::~ReadySet() = default;
ReadySet::ReadySet(ReadySet&& other) noexcept = default;
ReadySet& ReadySet::operator=(ReadySet&& other) noexcept = default;

std::error_code ReadySet::create() noexcept try {
    auto made = std::make_unique<Impl>();
    made->event.reset(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    if (!made->event.valid()) return last_error();
    impl_ = std::move(made);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code ReadySet::add(NativeHandle member) noexcept try {
    impl_->members.emplace_back(member, impl_->event.get());
    impl_->has_news = true;  // something may have happened before the watch began
    refresh();
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

void ReadySet::remove(NativeHandle member) noexcept {
    impl_->members.remove_if([member](const PipeWatch& each) { return each.pipe() == member; });
}

void ReadySet::refresh() noexcept {
    if (impl_ == nullptr) return;
    ::ResetEvent(impl_->event.get());
    bool& has_news = impl_->has_news;
    for (auto& each : impl_->members) has_news = each.ask() || has_news;
    // Each ask() has reset the event, which an earlier watch may have set already.
    for (const auto& each : impl_->members) has_news = has_news || each.has_answer();
    if (has_news) ::SetEvent(impl_->event.get());
}

void ReadySet::begin_look() noexcept {
    if (impl_ != nullptr) impl_->has_news = false;
}

void ReadySet::close() noexcept { impl_.reset(); }

NativeHandle ReadySet::native_handle() const noexcept {
    return impl_ != nullptr ? impl_->event.get() : no_handle;
}

}  // namespace procession::inline v0::detail::os
