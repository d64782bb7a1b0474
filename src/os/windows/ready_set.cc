// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/ready_set.h"

#include <list>
#include <new>
#include <utility>

#include "os/windows/pipe_watch.h"

// An event, set by questions at the pipes that are the members.

namespace procession::os {

struct ReadySet::Rest {
    std::list<PipeWatch> members;
    bool has_news = false;  // something has happened since the last look
};

ReadySet::ReadySet() noexcept = default;
ReadySet::~ReadySet() { close(); }
ReadySet::ReadySet(ReadySet&& other) noexcept = default;
ReadySet& ReadySet::operator=(ReadySet&& other) noexcept {
    std::swap(set_, other.set_);
    std::swap(rest_, other.rest_);
    return *this;
}

std::error_code ReadySet::create() noexcept try {
    Handle made(::CreateEventW(nullptr, TRUE, FALSE, nullptr));
    if (!made.valid()) return last_error();
    rest_ = std::make_unique<Rest>();
    set_ = std::move(made);
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

std::error_code ReadySet::add(NativeHandle member) noexcept try {
    rest_->members.emplace_back(member, set_.get());
    rest_->has_news = true;  // what has happened to it before its first question is not seen
    refresh();
    return {};
} catch (const std::bad_alloc&) {
    return std::make_error_code(std::errc::not_enough_memory);
}

void ReadySet::remove(NativeHandle member) noexcept {
    rest_->members.remove_if([member](const PipeWatch& each) { return each.pipe() == member; });
}

void ReadySet::refresh() noexcept {
    if (rest_ == nullptr) return;
    ::ResetEvent(set_.get());
    bool& has_news = rest_->has_news;
    for (auto& each : rest_->members) has_news = each.ask() || has_news;
    // Each question has reset the event, which an earlier one may have set in between.
    for (const auto& each : rest_->members) has_news = has_news || each.has_answer();
    if (has_news) ::SetEvent(set_.get());
}

void ReadySet::begin_look() noexcept {
    if (rest_ != nullptr) rest_->has_news = false;
}

void ReadySet::close() noexcept {
    rest_.reset();  // first: what is pending sets the event
    set_.reset();
}

}  // namespace procession::os
