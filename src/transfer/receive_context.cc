// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "transfer/receive_context.h"

#include <algorithm>
#include <string>

#include "base/logging.h"
#include "base/step.h"
#include "os/inherited.h"
#include "procession/error.h"

namespace procession::inline v0::detail::transfer {

namespace {

thread_local ReceiveContext* innermost_receiver = nullptr;

// A number listed twice would have two owners here.
bool is_listed_before(const std::vector<os::Handle>& arrived, os::NativeHandle handle) noexcept {
    return std::any_of(arrived.begin(), arrived.end(),
                       [handle](const os::Handle& each) { return each.get() == handle; });
}

bool is_what_was_sent(const os::Handle& arrived, const InheritedHandle& sent) noexcept {
    return os::may_refer_to(arrived, {sent.device, sent.inode});
}

}  // namespace

ReceiveContext::ReceiveContext(const std::vector<InheritedHandle>& manifest)
    : outer_(innermost_receiver) {
    arrived_.reserve(manifest.size());
    for (const auto& each : manifest) {
        os::Handle candidate = os::find_inherited(each.number);
        if (is_listed_before(arrived_, candidate.get()) || !is_what_was_sent(candidate, each)) {
            [[maybe_unused]] const auto not_ours = candidate.release();
            throw SharingError(
                "receive handle", std::to_string(each.number),
                "this descriptor is not the " + each.object + " that the parent process passed on");
        }
        os::close_on_exec(candidate.get());
        PROCESSION_STEP("transfer.arrived");
        base::log(LogLevel::debug, "handle index %zu arrived as %s (%s)", arrived_.size(),
                  os::text_of(candidate.get()).c_str(), each.object.c_str());
        arrived_.push_back(std::move(candidate));
    }
    innermost_receiver = this;
}

ReceiveContext::ReceiveContext(std::vector<os::Handle> arrived) noexcept
    : outer_(innermost_receiver), arrived_(std::move(arrived)) {
    innermost_receiver = this;
}

ReceiveContext::~ReceiveContext() {
    innermost_receiver = outer_;
    for (auto& [index, close] : closers_) close(std::move(arrived_[index]));
}
ReceiveContext* ReceiveContext::current() noexcept { return innermost_receiver; }

os::Handle ReceiveContext::take(std::uint32_t index) {
    if (index >= arrived_.size())
        throw DecodeError("take handle", std::to_string(index),
                          "only " + std::to_string(arrived_.size()) + " handles came along");
    return arrived_[index].duplicate();
}

void ReceiveContext::close_by(std::uint32_t index, std::function<void(os::Handle)> close) {
    if (index < arrived_.size()) closers_.emplace_back(index, std::move(close));
}

ReceiveContext& assert_receiving(std::string_view type) {
    if (ReceiveContext* current = ReceiveContext::current()) return *current;
    throw SharingError("decode", type,
                       std::string(type) +
                           " objects should only be shared between processes "
                           "through inheritance or a Procession channel");
}

}  // namespace procession::inline v0::detail::transfer
