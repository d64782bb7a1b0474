// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <vector>

#include "os/handle.h"
#include "procession/attachment.h"

namespace procession::handoff {

/// This process's dealings with the keeper (keeper.h), which is started when it is needed first.
///
/// Threads: any.   Fork: the child has connections of its own.

/// Starts a keeper that listens at the meeting point. Installed by the layer that starts processes.
/// Throws: ProcessError.
using StartKeeper = void (*)(os::Handle meeting_point);
void set_keeper_starter(StartKeeper start) noexcept;

/// Leaves the handles for whoever gets the item of the queue `carrier`, or the message sent from
/// that end of a stream, that names them. Throws:  SharingError when no keeper can be had, or it
/// does not answer; OSError when it, or this
///          process, cannot hold any more handles.
[[nodiscard]] AttachmentName deposit(const os::Handle& carrier,
                                     std::span<const os::NativeHandle> handles);
/// Throws:  SharingError when the keeper is gone or does not know the name: the handles cannot be
///          had any more; OSError when this process cannot hold them.
[[nodiscard]] std::vector<os::Handle> fetch(const AttachmentName& name);
/// The same, and lets go of the deposit.
[[nodiscard]] std::vector<os::Handle> take(const AttachmentName& name);
void release(const AttachmentName& name) noexcept;

/// The keeper of the family, as children are told; empty while there is none.
[[nodiscard]] std::string keeper_of_family();
void set_keeper_of_family(std::string keeper);
/// Ends all connections of this process to keepers. The next use makes new ones.
void forget_keepers() noexcept;

}  // namespace procession::handoff
