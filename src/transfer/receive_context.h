// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include "os/handle.h"
#include "transfer/inherited_handle.h"

namespace procession::inline v0::detail::transfer {

/// The other side of SendContext: lives in the receiver while the message is decoded, and owns the
/// handles that came with it. Those that no object took are closed at its end.
///
/// Threads: the one that made it.
class ReceiveContext {
  public:
    /// Takes ownership of the listed descriptors after looking at what each of them really is.
    /// Throws: SharingError when one is not what the list says; that one is left alone.
    explicit ReceiveContext(const std::vector<InheritedHandle>& manifest);
    /// Handles that came with a message of a running process.
    explicit ReceiveContext(std::vector<os::Handle> arrived) noexcept;
    ~ReceiveContext();
    ReceiveContext(const ReceiveContext&) = delete;
    ReceiveContext& operator=(const ReceiveContext&) = delete;

    /// The context of this thread, or nullptr.
    [[nodiscard]] static ReceiveContext* current() noexcept;

    /// Returns: a handle of the caller's own; each call for one index gives another one.
    /// Throws:  DecodeError when there is no such index; OSError when no more can be opened.
    [[nodiscard]] os::Handle take(std::uint32_t index);
    /// `close` gets the handle of this object at its end, where it must not just be closed.
    void close_by(std::uint32_t index, std::function<void(os::Handle)> close);

  private:
    ReceiveContext* const outer_;
    std::vector<os::Handle> arrived_;
    std::vector<std::pair<std::uint32_t, std::function<void(os::Handle)>>> closers_;
};

/// The context of this thread.
/// Throws: SharingError when no message is arriving: the bytes of `type` came by a wrong way.
ReceiveContext& assert_receiving(std::string_view type);

}  // namespace procession::inline v0::detail::transfer
