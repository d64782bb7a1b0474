// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "handoff/inherited_handle.h"
#include "os/handle.h"
#include "os/memory_file.h"

namespace procession::handoff {

/// The spawning context: while one lives on a thread, that thread is building the message of one
/// child, and Procession objects may be encoded. Outside of it they refuse (assert_spawning).
///
/// An object that is encoded calls `Spawning::current()->add(handle)` for each handle it needs in
/// the child and writes the index into the message; in the child it calls
/// `Arriving::current()->take(index)`.
///
/// Invariants:
///   1. Each handle added is duplicated at once: what happens to the object's own one does not
///   matter.
///   2. Adding the same handle twice gives the same index, so that two copies of one queue in a
///      message cost one descriptor.
///
/// Threads: the one that made it.
class Spawning {
  public:
    Spawning() noexcept;
    ~Spawning();
    Spawning(const Spawning&) = delete;
    Spawning& operator=(const Spawning&) = delete;

    /// The context of this thread, or nullptr.
    [[nodiscard]] static Spawning* current() noexcept;

    /// Throws: OSError when the handle is not open or no more can be opened.
    std::uint32_t add(os::NativeHandle handle);

    /// What the message must say about the handles.
    [[nodiscard]] const std::vector<InheritedHandle>& manifest() const noexcept {
        return manifest_;
    }

  private:
    struct Added {
        os::NativeHandle original;
        os::FileIdentity identity;
        os::Handle copy;
    };

    Spawning* const outer_;
    std::vector<Added> added_;
    std::vector<InheritedHandle> manifest_;  // parallel to added_
};

/// Hides the context while a message is encoded that is not the child's, such as an item that is
/// put by the encoding of an object: its handles would not be the reader's.
class NotSpawning {
  public:
    NotSpawning() noexcept;
    ~NotSpawning();
    NotSpawning(const NotSpawning&) = delete;
    NotSpawning& operator=(const NotSpawning&) = delete;

  private:
    Spawning* const hidden_;
};

/// Throws SharingError unless this thread is building the message of a child:
/// "JoinableQueue objects should only be shared between processes through inheritance or a
/// Procession channel", with the name of the type put in.
void assert_spawning(std::string_view type);

}  // namespace procession::handoff
