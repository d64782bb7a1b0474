// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "connection/turn.h"
#include "os/at_fork.h"
#include "os/handle.h"
#include "os/memory_file.h"
#include "os/stream.h"
#include "procession/deadline.h"

namespace procession::connection {

/// What a verb of a connection comes to. Anything else is thrown.
enum class Outcome : std::uint8_t { done, timed_out, ended };

/// A message as it came.
struct Received {
    std::vector<std::byte> bytes;  // empty when they went straight to the caller's space
    std::size_t size = 0;
    os::CameBeside beside;
};

/// One end of a connection, as this process holds it: messages over a stream of bytes, framed as in
/// CPython (a length of 4 bytes, big-endian; or -1 and a length of 8 bytes). Handles, or the note
/// that says which broker has them, travel with the first bytes of their message.
///
/// Guarantees:
///   1. A message is sent as a whole before the next one, and received as a whole by one receiver,
///      however many threads and processes share the end.
///   2. receive() that times out in the middle of a message goes on where it was at the next call.
///   3. A process that dies in the middle of a message on a shared end cannot make others mistake
///      the rest for a message: they are told that the connection is torn.
///   4. A message whose handles need several transfers is begun only when all of them can be under
///      way at once.
///   5. No more memory is allocated for a message than has come of it, twice that and 1 MiB at
///   most.
///
/// Invariants:
///   1. Everything of one side is touched by the thread that holds its turn only; among processes
///      also under the side's lock, once `shared_` is set: since then other processes may hold the
///      same end.
///   2. The lock of a side may be a record lock of this process, which the kernel drops when *any*
///      handle of the end is closed here. So a process has one Endpoint for each end (adopt()), and
///      other handles to it are closed by keep(), when no lock is held.
///   3. The stream is closed under both turns.
///
/// Threads: any.   Fork: the child's object starts anew: no turn is taken, no message half
/// received.
class Endpoint final : public os::ForkListener {
  public:
    /// Takes an end of a stream. Returns the Endpoint that this process has of it already, or a new
    /// one. `label` came with it from its previous holder.
    [[nodiscard]] static std::shared_ptr<Endpoint> adopt(os::Handle end, bool readable,
                                                         bool writable,
                                                         std::string_view label = {});
    Endpoint(os::Stream stream, const os::FileIdentity& identity, bool readable, bool writable);
    ~Endpoint() override;
    Endpoint(const Endpoint&) = delete;
    Endpoint& operator=(const Endpoint&) = delete;

    /// Throws: ClosedError, OSError; TimeoutError when too many handles are under way until then.
    Outcome send(std::span<const std::byte> message, const os::Beside& beside, Deadline deadline);
    /// A message of at most `most` bytes; it goes straight to `space` when it fits there.
    /// Throws: ClosedError, OSError.
    Outcome receive(Received& received, std::size_t most, std::span<std::byte> space,
                    Deadline deadline);
    /// Whether receive() would find something, the end included.
    [[nodiscard]] bool poll(Deadline deadline);

    void close() noexcept;
    /// Ends one direction for all processes that hold this end; the other direction goes on.
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
    /// One more handle to the same end. Throws: ClosedError.
    [[nodiscard]] os::Handle duplicate(const char* operation) const;
    /// Takes one more handle to the same end, to close it when that does no harm.
    /// Returns: false, and leaves it, when this end is closed.
    bool keep(os::Handle& surplus) noexcept;
    /// Other processes may hold this end from now on.
    void share() noexcept { shared_.store(true, std::memory_order_release); }

  private:
    /// A message that has come in part.
    struct Partial {
        std::array<std::byte, 12> head;
        std::size_t head_got = 0;
        std::uint64_t length = 0;  // valid when the head is whole
        std::uint64_t got = 0;
        std::vector<std::byte> body;
        os::CameBeside beside;
        bool locked = false;  // the side, among processes, until the message is whole
    };
    void keep_or_close(os::Handle& surplus, bool idle) noexcept;

    void before_fork() noexcept override { spares_lock_.lock(); }
    void after_fork_in_parent() noexcept override {
        spares_lock_.unlock();
        share();
    }
    void after_fork_in_child() noexcept override;

    [[nodiscard]] bool is_over() const noexcept { return is_closed(); }
    void check_open(const char* operation) const;
    bool wait_for_bytes(Deadline deadline, const char* operation) const;
    [[nodiscard]] bool may_lock(os::Side side, const char* operation);
    bool wait_among_others(Deadline deadline);
    bool take_side(os::Side side, Deadline deadline, const char* operation);
    void give_side(os::Side side) noexcept;
    [[noreturn]] void fail_torn(const char* operation);
    [[noreturn]] void fail(std::error_code problem, const char* operation, const char* text) const;

    void await_room_for(std::span<const os::NativeHandle> handles, Deadline deadline) const;
    Outcome send_all(std::span<const std::byte> head, std::span<const std::byte> message,
                     os::Beside beside, Deadline deadline, bool shared);
    [[nodiscard]] static std::size_t head_size(const Partial& partial) noexcept;
    Outcome receive_part(Partial& partial, std::span<std::byte> space, Deadline deadline);
    Outcome receive_more(Partial& partial, std::span<std::byte> space, Deadline deadline);
    Outcome come_to_end(const Partial& partial, std::error_code problem) const;
    std::span<std::byte> room_in(Partial& partial, std::span<std::byte> space) const;

    const os::FileIdentity identity_;
    const bool readable_;
    const bool writable_;
    os::Stream stream_;  // the same until closed, see invariant 3
    std::atomic<bool> closed_{false};
    std::atomic<bool> shared_{false};

    Turn sending_;
    const char* unsendable_ = nullptr;  // why nothing can be sent any more

    Turn receiving_;
    const char* unusable_ = nullptr;    // why nothing can be received any more
    std::unique_ptr<Partial> partial_;  // a fork child leaves its parent's alone

    std::mutex spares_lock_;  // held across forks
    std::vector<os::Handle> spares_;
};

}  // namespace procession::connection
