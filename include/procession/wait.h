// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "procession/byte_connection.h"
#include "procession/connection.h"
#include "procession/deadline.h"
#include "procession/export.h"
#include "procession/handle.h"
#include "procession/native_handle.h"
#include "procession/ready_handle.h"

namespace procession::inline v0 {

/// One of the objects that wait() waits for. A Waitable keeps its own reference to a connection, a
/// queue or a ReadyHandle. Any other object must live until wait() returns.
///
/// A connection or socket is ready when there is something to receive, or when it has ended; a
/// process when it has ended; a queue when it has an item, or is shut down or closed; a listener
/// when try_accept() can make progress; any other handle when a read would not block.
class Waitable {
  public:
    /// A descriptor (on Windows a HANDLE), and nothing that merely converts to one.
    template <std::same_as<NativeHandle> Native>
    Waitable(Native handle) : handle_(handle) {}               // NOLINT
    Waitable(const Handle& handle) : handle_(handle.get()) {}  // NOLINT
    Waitable(const ByteConnection& connection)                 // NOLINT
        : handle_(connection.native_handle()),
          kept_(std::make_shared<ByteConnection>(connection)) {}
    template <class T>
    Waitable(const Connection<T>& connection) : Waitable(connection.bytes()) {}  // NOLINT
    Waitable(const ReadyHandle& ready)                                           // NOLINT
        : handle_(ready.native_handle()), kept_(std::make_shared<ReadyHandle>(ready)) {}
    /// A Process. It must live until wait() returns.
    template <class T>
        requires requires(const T& process) {
            { process.sentinel() } -> std::same_as<NativeHandle>;
        }
    Waitable(const T& process) : handle_(process.sentinel()) {}  // NOLINT
    /// A queue. The first Waitable of a queue object starts a thread of this process, which runs
    /// until that queue object is destroyed.
    template <class T>
        requires requires(const T& queue) {
            { queue.lasting_ready_handle() } -> std::same_as<ReadyHandle>;
        }
    Waitable(const T& queue) : Waitable(queue.lasting_ready_handle()) {}  // NOLINT
    /// A Listener. It must live until wait() returns.
    template <class T>
        requires requires(const T& listener) {
            { listener.last_accepted() };
            { listener.native_handle() } -> std::same_as<NativeHandle>;
        }
    Waitable(const T& listener) : handle_(listener.native_handle()) {}  // NOLINT

    [[nodiscard]] NativeHandle native_handle() const noexcept { return handle_; }

  private:
    NativeHandle handle_;
    std::shared_ptr<const void> kept_;
};

/// Waits until at least one of the things is ready. There may be any number of them.
///
/// Blocks:     until one is ready, or the deadline.
/// Returns:    the indexes of those that are ready, ascending; none only when the deadline passed.
///             A call on one of them may still find nothing, if another process or thread was
///             faster.
/// Throws:     the constructors of Waitable throw ClosedError for an object that this process has
///             closed, and OSError when a queue's ReadyHandle cannot be made.
/// Threads:    any.   Signals do not end the wait.
/// Peer dies:  a connection to it is ready.
/// Python:     multiprocessing.connection.wait(object_list, timeout)
[[nodiscard]] PROCESSION_EXPORT std::vector<std::size_t> wait(
    std::span<const Waitable> things, Deadline deadline = Deadline::never());
[[nodiscard]] inline std::vector<std::size_t> wait(std::initializer_list<Waitable> things,
                                                   Deadline deadline = Deadline::never()) {
    return wait(std::span(things.begin(), things.size()), deadline);
}

}  // namespace procession::inline v0
