// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connection/frames.h"
#include "connection/timed_mutex.h"
#include "os/at_fork.h"
#include "os/handle.h"
#include "os/memory_file.h"
#include "os/stream.h"
#include "procession/byte_connection.h"
#include "procession/deadline.h"
#include "procession/result.h"

namespace procession::inline v0::detail::connection {

/// A received message.
struct ReceivedMessage {
    std::vector<std::byte> bytes;  // empty if they went to the caller's space
    std::size_t size = 0;
    os::ReceivedAncillaryData ancillary;
};

/// One end of a connection, as this process holds it: messages over a stream of bytes, framed as in
/// frames.h. Handles, or the deposit key for them, are sent with the first bytes of their message.
///
/// Guarantees:
///   1. A message is sent as a whole before the next one, and received as a whole by one receiver,
///      however many threads and processes share the end.
///   2. If receive() times out in the middle of a message, the next call continues there.
///   3. If a process dies in the middle of a message on a shared end, no other process takes the
///      rest for a message: they all get the error that the connection is torn.
///   4. A message whose handles need several transfers is begun only when all of them can be in
///      flight at once.
///   5. The memory for a message is bounded by what has arrived of it: see FrameReader.
///
/// Invariants:
///   1. Only the thread that holds the mutex of a side touches what belongs to the side. Once
///      `is_shared_` is set, it also holds the lock that the stream has for the side, because other
///      processes may hold the same end.
///   2. The lock of a side may be a record lock, which the kernel releases when this process closes
///      *any* handle to the end. So a process has one SharedEnd for each end (adopt()). It keeps
///      further handles to the end, and closes them when no side is locked (adopt_duplicate()).
///   3. The stream is closed while both mutexes are held.
///
/// Threads: any.   Fork: in the child no mutex is held, and no message is partly received.
class SharedEnd final : public os::LockedAcrossForks {
  public:
    /// Takes over a handle to an end of a stream. Returns the SharedEnd that this process has for
    /// that end, or a new one. `label` is what the previous holder sent along.
    [[nodiscard]] static std::shared_ptr<SharedEnd> adopt(os::Handle end, bool readable,
                                                          bool writable,
                                                          std::string_view label = {});
    SharedEnd(os::Stream stream, const os::FileIdentity& identity, bool readable, bool writable);
    ~SharedEnd() override;
    SharedEnd(const SharedEnd&) = delete;
    SharedEnd& operator=(const SharedEnd&) = delete;

    /// Returns: false when the deadline passed first.
    /// Throws:  ClosedError, OSError; TimeoutError when too many handles are in flight until then.
    [[nodiscard]] bool send(std::span<const std::byte> message, const os::AncillaryData& ancillary,
                            Deadline deadline);
    /// Receives a message of at most `most` bytes. It goes straight to `space` if it fits there.
    /// Throws: ClosedError, OSError.
    [[nodiscard]] Result<void, RecvError> receive(ReceivedMessage& received, std::size_t most,
                                                  std::span<std::byte> space, Deadline deadline);
    /// Whether receive() would find a message, the beginning of one, or the end.
    [[nodiscard]] bool poll(Deadline deadline);

    void close() noexcept;
    /// Ends one direction for all processes that hold this end. The other direction stays open.
    void end_sending() noexcept { stream_.end_sending(); }
    void end_receiving() noexcept { stream_.end_receiving(); }
    [[nodiscard]] bool is_closed() const noexcept {
        return closed_.load(std::memory_order_acquire);
    }
    [[nodiscard]] bool readable() const noexcept { return readable_; }
    [[nodiscard]] bool writable() const noexcept { return writable_; }
    /// Throws: ClosedError.
    [[nodiscard]] os::NativeHandle native_handle(const char* operation) const;
    /// See os::Stream. Throws: ClosedError.
    [[nodiscard]] std::string label(const char* operation) const {
        check_open(operation);
        return stream_.label();
    }
    /// Another handle to the same end. Throws: ClosedError.
    [[nodiscard]] os::Handle duplicate(const char* operation) const;
    /// Takes over another handle to the same end, and closes it when no lock can be lost by that.
    /// Returns: false when this end is closed; then the handle stays the caller's.
    bool adopt_duplicate(os::Handle& duplicate) noexcept;
    /// Says that other processes may hold this end from now on.
    void mark_shared() noexcept { is_shared_.store(true, std::memory_order_release); }

  private:
    /// The message that is being received.
    struct Incoming {
        FrameReader frame;
        os::ReceivedAncillaryData ancillary;
        // Whether this process holds the receiving side's lock, until the message is complete.
        bool side_locked = false;
    };

    void after_fork_in_parent() noexcept override {
        LockedAcrossForks::after_fork_in_parent();
        mark_shared();
    }
    void after_fork_in_child() noexcept override;

    void check_open(const char* operation) const;
    bool wait_for_bytes(Deadline deadline, const char* operation) const;
    bool wait_for_bytes_or_torn_message(Deadline deadline);
    [[nodiscard]] bool try_lock_side(os::Side side, const char* operation);
    [[nodiscard]] bool lock_side(os::Side side, Deadline deadline, const char* operation);
    void unlock_side(os::Side side) noexcept;
    [[noreturn]] void fail_torn(const char* operation);
    [[noreturn]] static void fail(std::error_code problem, const char* operation, const char* text);

    void wait_for_in_flight_room(std::span<const os::NativeHandle> handles,
                                 Deadline deadline) const;
    [[nodiscard]] bool send_frame(std::span<const std::byte> head,
                                  std::span<const std::byte> message, os::AncillaryData ancillary,
                                  Deadline deadline, bool shared);
    [[nodiscard]] Result<void, RecvError> receive_more(std::span<std::byte> space,
                                                       Deadline deadline);
    [[nodiscard]] Result<void, RecvError> receive_part(std::span<std::byte> space,
                                                       Deadline deadline);
    void unlock_interrupted_receiving() noexcept;
    void check_end_of_stream(std::error_code problem);

    const os::FileIdentity identity_;
    const bool readable_;
    const bool writable_;
    os::Stream stream_;  // the same until closed, see invariant 3
    std::atomic<bool> closed_{false};
    std::atomic<bool> is_shared_{false};

    TimedMutex sending_;
    const char* send_problem_ = nullptr;  // why nothing can be sent any more

    TimedMutex receiving_;
    const char* receive_problem_ = nullptr;  // why nothing can be received any more
    base::ForkLocal<Incoming> incoming_;

    std::vector<os::Handle> duplicates_;  // under lock_, see invariant 2
};

}  // namespace procession::inline v0::detail::connection
