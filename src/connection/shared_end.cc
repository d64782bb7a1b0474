// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/shared_end.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <optional>

#include "connection/shared_end_table.h"
#include "os/channel.h"
#include "os/wait.h"
#include "os/would_block.h"
#include "procession/error.h"

namespace procession::inline v0::detail::connection {

namespace {

/// If too many handles are in flight while a message is partly sent, how long to wait for
/// receivers, beyond the deadline.
constexpr std::chrono::seconds kInFlightPatience{10};

Deadline end_of_slice(Deadline deadline) {
    return deadline.remaining() > slice_max ? Deadline(slice_max) : deadline;
}

}  // namespace

SharedEnd::SharedEnd(os::Stream stream, const os::FileIdentity& identity, bool readable,
                     bool writable)
    : identity_(identity), readable_(readable), writable_(writable), stream_(std::move(stream)) {
    start_listening();
}

SharedEnd::~SharedEnd() {
    stop_listening();
    remove_shared_end(identity_, this);
}

void SharedEnd::after_fork_in_child() noexcept {
    // If the end was not shared, another thread of the parent may be in the middle of a message
    // without holding the lock of the side, and this process cannot know when that message ends.
    const bool was_shared = is_shared_.load(std::memory_order_relaxed);
    if (!was_shared && sending_.is_held())
        send_problem_ =
            "this process was forked in the middle of a message that its parent was sending";
    if (!was_shared && incoming_->frame.has_begun())
        receive_problem_ =
            "this process was forked in the middle of a message that its parent was receiving";
    sending_.reset_after_fork();
    receiving_.reset_after_fork();
    incoming_.reset_after_fork();
    mark_shared();
    LockedAcrossForks::after_fork_in_child();
}

bool SharedEnd::adopt_duplicate(os::Handle& duplicate) noexcept {
    const std::unique_lock sender(sending_, std::try_to_lock);
    const std::unique_lock receiver(receiving_, std::try_to_lock);
    if (is_closed()) return false;
    const bool no_side_is_locked =
        sender.owns_lock() && receiver.owns_lock() && !incoming_->side_locked;
    const std::lock_guard guard(lock_);
    if (no_side_is_locked) {
        duplicates_.clear();
        duplicate.reset();
        return true;
    }
    const os::NativeHandle kept = duplicate.release();
    try {
        duplicates_.emplace_back(kept);
        // NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (const std::bad_alloc&) {  // a handle that is never closed is better than a lost lock
    }
    return true;
}

void SharedEnd::close() noexcept {
    // Waiting threads notice this within a slice.
    closed_.store(true, std::memory_order_release);
    const std::lock_guard sender(sending_);
    const std::lock_guard receiver(receiving_);
    *incoming_ = Incoming{};
    const std::lock_guard guard(lock_);
    duplicates_.clear();
    // First, because the system reuses the identity of an end that is closed.
    remove_shared_end(identity_, this);
    stream_.close();
}

void SharedEnd::check_open(const char* operation) const {
    if (is_closed()) throw ClosedError(operation, "connection", "handle is closed");
}

os::NativeHandle SharedEnd::native_handle(const char* operation) const {
    check_open(operation);
    return stream_.native_handle();
}

os::Handle SharedEnd::duplicate(const char* operation) const {
    return os::Handle::duplicate_of(native_handle(operation));
}

void SharedEnd::fail(std::error_code problem, const char* operation, const char* text) {
    throw OSError(problem, operation, "connection", text);
}

void SharedEnd::fail_torn(const char* operation) {
    // The peer, and all processes that share this end, must notice as well.
    stream_.end_sending();
    stream_.end_receiving();
    fail(std::make_error_code(std::errc::connection_aborted), operation,
         "a process that shares this end died in the middle of a message: what follows cannot be "
         "told from the rest of it; make a new connection");
}

// In slices, so that the thread notices when another one closes the connection.
bool SharedEnd::wait_for_bytes(Deadline deadline, const char* operation) const {
    for (;;) {
        if (os::wait_readable(stream_.native_handle(), end_of_slice(deadline))) return true;
        check_open(operation);
        if (deadline.expired()) return false;
    }
}

// Returns: false when another process has locked the side.
bool SharedEnd::try_lock_side(os::Side side, const char* operation) {
    const auto problem = stream_.try_lock_side(side);
    if (problem && problem != std::errc::device_or_resource_busy)
        fail(problem, operation, "cannot lock an end that other processes may share");
    return !problem;
}

// Like wait_for_bytes(), for a side that this process has not locked. If another process died in
// the middle of the only message, no bytes would ever come, so each slice checks for that.
bool SharedEnd::wait_for_bytes_or_torn_message(Deadline deadline) {
    for (;;) {
        if (try_lock_side(os::Side::receiving, "recv")) {
            const bool is_torn = stream_.is_in_progress(os::Side::receiving);
            stream_.unlock_side(os::Side::receiving);
            if (is_torn) fail_torn("recv");
        }
        if (os::wait_readable(stream_.native_handle(), end_of_slice(deadline))) return true;
        check_open("recv");
        if (deadline.expired()) return false;
    }
}

// Locks one side against other processes. Returns: false when the deadline passed first.
bool SharedEnd::lock_side(os::Side side, Deadline deadline, const char* operation) {
    using std::chrono::milliseconds;
    for (milliseconds pause{1}; !try_lock_side(side, operation);
         pause = std::min(pause * 2, milliseconds(16))) {
        check_open(operation);
        if (deadline.expired()) return false;
        const auto left = std::min<std::chrono::nanoseconds>(deadline.remaining(), pause);
        static_cast<void>(os::wait_readable(os::no_handle, Deadline(left)));
    }
    if (stream_.is_in_progress(side)) {
        stream_.unlock_side(side);
        fail_torn(operation);
    }
    stream_.set_in_progress(side, true);
    return true;
}

void SharedEnd::unlock_side(os::Side side) noexcept {
    stream_.set_in_progress(side, false);
    stream_.unlock_side(side);
}

// ---- sending -----------------------------------------------------------------------------------

bool SharedEnd::send(std::span<const std::byte> message, const os::AncillaryData& ancillary,
                     Deadline deadline) {
    check_open("send");
    if (!writable_) fail({}, "send", "connection is read-only");
    if (!sending_.lock_until(deadline, [this] { return is_closed(); })) {
        check_open("send");
        return false;
    }
    const std::lock_guard guard(sending_, std::adopt_lock);
    check_open("send");
    if (send_problem_ != nullptr)
        fail(std::make_error_code(std::errc::broken_pipe), "send", send_problem_);
    if (ancillary.handles.size() > os::handles_per_transfer_max)
        wait_for_in_flight_room(ancillary.handles, deadline);
    const FrameHead head(message.size());
    return send_frame(head.bytes(), message, ancillary, deadline,
                      is_shared_.load(std::memory_order_acquire));
}

// A message that is begun must be completed, or the peer could not receive anything that follows.
// So before it is begun, there must be room for all of its handles.
void SharedEnd::wait_for_in_flight_room(std::span<const os::NativeHandle> handles,
                                        Deadline deadline) const {
    while (const auto problem = os::check_in_flight_limit(handles)) {
        if (!os::are_too_many_in_flight(problem)) fail(problem, "send", "cannot send its handles");
        if (!os::wait_to_send(os::no_handle, problem, end_of_slice(deadline)) &&
            deadline.expired()) {
            throw TimeoutError("send", "connection", os::too_many_in_flight_text);
        }
        check_open("send");
    }
}

bool SharedEnd::send_frame(std::span<const std::byte> head, std::span<const std::byte> message,
                           os::AncillaryData ancillary, Deadline deadline, bool shared) {
    if (shared && !lock_side(os::Side::sending, deadline, "send")) return false;
    std::size_t done = 0;
    const std::size_t total = head.size() + message.size();
    std::optional<Deadline> patience;
    const auto finish = [&] {
        // After an incomplete message nothing can be sent, not even by other processes.
        if (done != 0 && done != total) {
            send_problem_ =
                "an earlier message was cut off at its deadline: nothing can be sent behind it";
            stream_.end_sending();
        }
        if (shared) unlock_side(os::Side::sending);
    };
    while (done < total) {
        std::array<std::span<const std::byte>, 2> parts{
            head.subspan(std::min(done, head.size())),
            message.subspan(done > head.size() ? done - head.size() : 0)};
        const auto batch = ancillary.handles.first(
            std::min(ancillary.handles.size(), os::handles_per_transfer_max));
        // If one transfer cannot carry all handles, each batch but the last goes with one byte.
        if (batch.size() < ancillary.handles.size())
            parts = {parts[0].empty() ? parts[1].first(1) : parts[0].first(1)};
        std::size_t sent = 0;
        const auto problem = stream_.send_within(parts, {batch, ancillary.deposit_key},
                                                 end_of_slice(deadline), sent);
        if (!problem) {
            done += sent;
            if (sent != 0) ancillary = {ancillary.handles.subspan(batch.size()), {}};
            continue;
        }
        if (!os::is_back_pressure(problem)) {
            finish();
            fail(problem, "send", "cannot send to the peer");
        }
        if (is_closed()) {
            finish();
            check_open("send");
        }
        if (!deadline.expired()) continue;
        if (os::are_too_many_in_flight(problem)) {
            // When the message was begun there was room, which another sender has used since.
            if (!patience) patience = Deadline(kInFlightPatience);
            if (done != 0 && os::wait_to_send(os::no_handle, problem, *patience)) continue;
            finish();
            throw TimeoutError("send", "connection", os::too_many_in_flight_text);
        }
        finish();
        return false;
    }
    finish();
    return true;
}

// ---- receiving ---------------------------------------------------------------------------------

Result<void, RecvError> SharedEnd::receive(ReceivedMessage& received, std::size_t most,
                                           std::span<std::byte> space, Deadline deadline) {
    check_open("recv");
    if (!readable_) fail({}, "recv", "connection is write-only");
    if (!receiving_.lock_until(deadline, [this] { return is_closed(); })) {
        check_open("recv");
        return RecvError::timed_out;
    }
    const std::lock_guard guard(receiving_, std::adopt_lock);
    FrameReader& frame = incoming_->frame;
    for (;;) {
        check_open("recv");
        if (receive_problem_ != nullptr) fail({}, "recv", receive_problem_);
        if (frame.is_complete()) break;
        if (frame.has_length() && frame.length() > most) {
            receive_problem_ =
                "an earlier message was longer than allowed: nothing can be received behind it";
            stream_.end_receiving();
            fail({}, "recv", "bad message length");
        }
        if (const auto part = receive_more(space, deadline); !part.has_value()) return part;
    }
    if (incoming_->side_locked) unlock_side(os::Side::receiving);
    received.size = static_cast<std::size_t>(frame.length());
    received.bytes = frame.take_message();
    received.ancillary = std::move(incoming_->ancillary);
    *incoming_ = Incoming{};
    return {};
}

// Receives a part of the message. If that fails, releases the lock of the side.
Result<void, RecvError> SharedEnd::receive_more(std::span<std::byte> space, Deadline deadline) {
    try {
        const auto part = receive_part(space, deadline);
        if (!part.has_value() && part.error() == RecvError::ended) unlock_interrupted_receiving();
        return part;
    } catch (...) {
        unlock_interrupted_receiving();
        throw;
    }
}

void SharedEnd::unlock_interrupted_receiving() noexcept {
    if (!incoming_->side_locked) return;
    incoming_->side_locked = false;
    // After a part of a message, the side stays marked as in progress: other processes then see
    // that the message can never be received as a whole.
    if (incoming_->frame.has_begun()) {
        stream_.unlock_side(os::Side::receiving);
    } else {
        unlock_side(os::Side::receiving);
    }
}

// Locks the side first, if other processes may hold the end. Before a message has begun, the side
// is unlocked again to wait, so that other processes can wait for a message too.
Result<void, RecvError> SharedEnd::receive_part(std::span<std::byte> space, Deadline deadline) {
    Incoming& incoming = *incoming_;
    const bool shared = is_shared_.load(std::memory_order_acquire);
    if (shared && !incoming.side_locked) {
        if (!lock_side(os::Side::receiving, deadline, "recv")) return RecvError::timed_out;
        incoming.side_locked = true;
    }
    const auto room = incoming.frame.room(space);
    std::size_t got = 0;
    const auto problem = stream_.receive_some(room, got, incoming.ancillary);
    if (problem && os::is_would_block(problem)) {
        if (incoming.side_locked && !incoming.frame.has_begun()) unlock_interrupted_receiving();
        const bool has_bytes = incoming.side_locked || !shared
                                   ? wait_for_bytes(deadline, "recv")
                                   : wait_for_bytes_or_torn_message(deadline);
        if (has_bytes) return {};
        incoming.frame.save(space);
        return RecvError::timed_out;
    }
    if (problem == std::errc::too_many_files_open) {
        receive_problem_ = "handles of a message were lost, since too many files are open";
        fail(problem, "recv",
             "the handles of this message cannot be opened: raise the limit of open "
             "files (ulimit -n), or close some");
    }
    if (problem || got == 0) {
        check_end_of_stream(problem);
        return RecvError::ended;
    }
    incoming.frame.advance(got);
    if (incoming.frame.is_malformed())
        receive_problem_ = "the peer sent a message of negative length: it speaks another protocol";
    return {};
}

// Throws unless the stream ended between two messages.
void SharedEnd::check_end_of_stream(std::error_code problem) {
    const bool is_peer_gone = !problem || problem == std::errc::connection_reset;
    if (!is_peer_gone) fail(problem, "recv", "cannot receive from the peer");
    if (incoming_->frame.has_begun()) fail(problem, "recv", "got end of file during message");
}

bool SharedEnd::poll(Deadline deadline) {
    check_open("poll");
    if (!readable_) fail({}, "poll", "connection is write-only");
    return wait_for_bytes(deadline, "poll");
}

}  // namespace procession::inline v0::detail::connection
