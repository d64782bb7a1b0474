// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "transfer/send_context.h"

#include <string>

#include "base/logging.h"
#include "base/step.h"
#include "os/inherited.h"
#include "procession/error.h"

namespace procession::inline v0::detail::transfer {

namespace {

thread_local SendContext* innermost_sender = nullptr;

}  // namespace

SendContext::SendContext() noexcept : outer_(innermost_sender) { innermost_sender = this; }
SendContext::~SendContext() {
    innermost_sender = outer_;
    for (auto& each : added_) {
        if (each.close) each.close(std::move(each.copy));
    }
}
SendContext* SendContext::current() noexcept { return innermost_sender; }

NoSendContext::NoSendContext() noexcept : hidden_(innermost_sender) { innermost_sender = nullptr; }
NoSendContext::~NoSendContext() { innermost_sender = hidden_; }

std::uint32_t SendContext::add(os::NativeHandle handle, std::function<void(os::Handle)> close) {
    os::Handle copy = os::Handle::duplicate_of(handle);
    os::FileIdentity identity;
    std::uint64_t size = 0;
    if (const auto problem = os::identify(copy, identity, size))
        throw OSError(problem, "pass handle", os::text_of(handle), "cannot identify it");
    for (std::size_t index = 0; index < added_.size(); ++index) {
        const auto& each = added_[index];
        // The number alone would not do: it may have been closed and given out again in between.
        if (each.original == handle && each.identity == identity) {
            if (close) close(std::move(copy));
            return static_cast<std::uint32_t>(index);
        }
    }
    PROCESSION_STEP("transfer.duplicated");
    const auto index = static_cast<std::uint32_t>(added_.size());
    if (base::logs(LogLevel::debug)) {
        base::log(LogLevel::debug, "handle %s -> duplicated for the receiver as index %u (%s)",
                  os::text_of(handle).c_str(), index, os::describe(handle).c_str());
    }
    added_.push_back({handle, identity, std::move(copy), std::move(close)});
    return index;
}

std::vector<os::NativeHandle> SendContext::handles() const {
    std::vector<os::NativeHandle> all;
    all.reserve(added_.size());
    for (const auto& each : added_) all.push_back(each.copy.get());
    return all;
}

std::vector<InheritedHandle> SendContext::manifest() const {
    std::vector<InheritedHandle> listed;
    listed.reserve(added_.size());
    for (const auto& each : added_) {
        listed.push_back({os::number_of(each.copy.get()), each.identity.device, each.identity.inode,
                          os::describe(each.copy.get())});
    }
    return listed;
}

SendContext& assert_sharing(std::string_view type) {
    if (SendContext* current = SendContext::current()) return *current;
    throw SharingError("encode", type,
                       std::string(type) +
                           " objects should only be shared between processes "
                           "through inheritance or a Procession channel");
}

}  // namespace procession::inline v0::detail::transfer
