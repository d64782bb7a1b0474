// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "os/handle.h"
#include "os/memory_file.h"
#include "transfer/inherited_handle.h"

namespace procession::inline v0::detail::transfer {

/// The handles of one message to another process. While one lives on a thread, that thread is
/// building such a message (the bootstrap of a child, what a Connection sends, an item of a queue),
/// and Procession objects may be encoded. Outside of it they refuse (assert_sharing).
///
/// An object that is encoded calls `SendContext::current()->add(handle)` for each handle it needs
/// on the other side and writes the index into the message; there it calls
/// `ReceiveContext::current()->take(index)`.
///
/// Invariants:
///   1. Each handle added is duplicated at once: what happens to the object's own one does not
///   matter.
///   2. Adding the same handle twice gives the same index, so that two copies of one queue in a
///      message cost one descriptor.
///
/// Threads: the one that made it.
class SendContext {
  public:
    SendContext() noexcept;
    ~SendContext();
    SendContext(const SendContext&) = delete;
    SendContext& operator=(const SendContext&) = delete;

    /// The context of this thread, or nullptr.
    [[nodiscard]] static SendContext* current() noexcept;

    /// Throws: OSError when the handle is not open or no more can be opened.
    std::uint32_t add(os::NativeHandle handle) { return add(handle, {}); }
    /// `close` gets the duplicate at the end, where it must not just be closed.
    std::uint32_t add(os::NativeHandle handle, std::function<void(os::Handle)> close);

    [[nodiscard]] std::size_t size() const noexcept { return added_.size(); }
    /// The duplicates, by index. They are this object's.
    [[nodiscard]] std::vector<os::NativeHandle> handles() const;
    /// The list of the handles, for the child that inherits them.
    [[nodiscard]] std::vector<InheritedHandle> manifest() const;

  private:
    struct Added {
        os::NativeHandle original;
        os::FileIdentity identity;
        os::Handle copy;
        std::function<void(os::Handle)> close;
    };

    SendContext* const outer_;
    std::vector<Added> added_;
};

/// Hides the context while bytes are encoded that no process receives with the message.
class NoSendContext {
  public:
    NoSendContext() noexcept;
    ~NoSendContext();
    NoSendContext(const NoSendContext&) = delete;
    NoSendContext& operator=(const NoSendContext&) = delete;

  private:
    SendContext* const hidden_;
};

/// The context of this thread.
/// Throws SharingError unless it is building a message for another process: "JoinableQueue objects
/// should only be shared between processes through inheritance or a Procession channel", with the
/// name of the type put in.
SendContext& assert_sharing(std::string_view type);

}  // namespace procession::inline v0::detail::transfer
