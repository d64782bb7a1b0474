// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/endpoint.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "base/logging.h"
#include "connection/endpoint_table.h"
#include "os/channel.h"
#include "os/wait.h"
#include "os/would_block.h"
#include "procession/error.h"

namespace procession::connection {

namespace {

constexpr std::size_t short_head = 4;
constexpr std::size_t long_head = 12;
constexpr std::size_t first_room = std::size_t{1} << 20;
/// How long a message that is begun waits for others' handles to be received, beyond its deadline.
constexpr std::chrono::seconds kPatienceInTheMiddle{10};

template <class T>
void put_big_endian(std::byte* to, T value) noexcept {
    for (std::size_t i = 0; i < sizeof value; ++i)
        to[i] = static_cast<std::byte>(value >> (8 * (sizeof value - 1 - i)));
}
template <class T>
T get_big_endian(const std::byte* from) noexcept {
    T value = 0;
    for (std::size_t i = 0; i < sizeof value; ++i)
        value = static_cast<T>(value << 8) | static_cast<T>(from[i]);
    return value;
}

/// Returns: how many bytes of it are used.
std::size_t write_head(std::array<std::byte, long_head>& head, std::size_t length) noexcept {
    if (length <= 0x7fffffff) {
        put_big_endian(head.data(), static_cast<std::uint32_t>(length));
        return short_head;
    }
    put_big_endian(head.data(), std::uint32_t{0xffffffff});
    put_big_endian(head.data() + short_head, static_cast<std::uint64_t>(length));
    return long_head;
}

Deadline soonest(Deadline deadline) {
    return deadline.remaining() > slice_max ? Deadline(slice_max) : deadline;
}

class TurnGuard {
  public:
    explicit TurnGuard(Turn& turn) : turn_(turn) {}
    ~TurnGuard() { turn_.unlock(); }
    TurnGuard(const TurnGuard&) = delete;
    TurnGuard& operator=(const TurnGuard&) = delete;

  private:
    Turn& turn_;
};

}  // namespace

Endpoint::Endpoint(os::Stream stream, const os::FileIdentity& identity, bool readable,
                   bool writable)
    : identity_(identity), readable_(readable), writable_(writable), stream_(std::move(stream)) {
    start_listening();
}

Endpoint::~Endpoint() {
    stop_listening();
    forget(identity_, this);
}

void Endpoint::after_fork_in_child() noexcept {
    // Another thread of the parent may be in the middle of a message, under no lock between
    // processes. This process is not told when that message ends.
    const bool alone = !shared_.load(std::memory_order_relaxed);
    if (alone && sending_.is_held())
        unsendable_ = "this process was forked in the middle of a message that its parent sends";
    if (alone && partial_ != nullptr && partial_->head_got != 0)
        unusable_ = "this process was forked in the middle of a message that its parent receives";
    sending_.make_anew();
    receiving_.make_anew();
    // Another thread of the parent may have been at work on it, so it is not even destroyed.
    [[maybe_unused]] const auto* left_alone = partial_.release();
    spares_lock_.unlock();
    share();
}

void Endpoint::keep_or_close(os::Handle& surplus, bool idle) noexcept {
    const std::lock_guard guard(spares_lock_);
    if (idle) {
        spares_.clear();
        return surplus.reset();
    }
    const os::NativeHandle kept = surplus.release();
    try {
        spares_.emplace_back(kept);
        // NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (const std::bad_alloc&) {  // it stays open: better than a lock that is lost
    }
}

bool Endpoint::keep(os::Handle& surplus) noexcept {
    const auto at_once = [] { return true; };
    const bool sends = sending_.lock(Deadline::now(), at_once);
    const bool receives = receiving_.lock(Deadline::now(), at_once);
    const bool open = !is_closed();
    const bool idle = sends && receives && (partial_ == nullptr || !partial_->locked);
    if (open) keep_or_close(surplus, idle);
    if (receives) receiving_.unlock();
    if (sends) sending_.unlock();
    return open;
}

void Endpoint::close() noexcept {
    closed_.store(true, std::memory_order_release);
    // Waiting threads notice within a slice.
    const auto never = [] { return false; };
    static_cast<void>(sending_.lock(Deadline::never(), never));
    const TurnGuard sender(sending_);
    static_cast<void>(receiving_.lock(Deadline::never(), never));
    const TurnGuard receiver(receiving_);
    partial_.reset();
    const std::lock_guard spares(spares_lock_);
    spares_.clear();
    // Before its number can be another end's.
    forget(identity_, this);
    stream_.close();
}

void Endpoint::check_open(const char* operation) const {
    if (is_closed()) throw ClosedError(operation, "connection", "handle is closed");
}

os::NativeHandle Endpoint::native_handle(const char* operation) const {
    check_open(operation);
    return stream_.native_handle();
}

os::Handle Endpoint::duplicate(const char* operation) const {
    return os::Handle::duplicate_of(native_handle(operation));
}

void Endpoint::fail(std::error_code problem, const char* operation, const char* text) const {
    throw OSError(problem, operation, "connection", text);
}

void Endpoint::fail_torn(const char* operation) {
    // The peer, and all processes that share this end, must notice as well.
    stream_.end_sending();
    stream_.end_receiving();
    fail(std::make_error_code(std::errc::connection_aborted), operation,
         "a process that shares this end died in the middle of a message: what follows cannot be "
         "told from the rest of it; make a new connection");
}

// In slices, so that a thread that waits notices when another one closes the connection.
bool Endpoint::wait_for_bytes(Deadline deadline, const char* operation) const {
    for (;;) {
        if (os::wait_readable(stream_.native_handle(), soonest(deadline))) return true;
        check_open(operation);
        if (deadline.has_passed()) return false;
    }
}

// False when another process has the side.
bool Endpoint::may_lock(os::Side side, const char* operation) {
    const auto problem = stream_.try_lock_side(side);
    if (problem && problem != std::errc::device_or_resource_busy)
        fail(problem, operation, "cannot lock an end that other processes may share");
    return !problem;
}

// Waits until there is something to receive. Another process may have died in the middle of the
// only message.
bool Endpoint::wait_among_others(Deadline deadline) {
    for (;;) {
        if (may_lock(os::Side::receiving, "recv")) {
            const bool torn = stream_.is_under_way(os::Side::receiving);
            stream_.unlock_side(os::Side::receiving);
            if (torn) fail_torn("recv");
        }
        if (os::wait_readable(stream_.native_handle(), soonest(deadline))) return true;
        check_open("recv");
        if (deadline.has_passed()) return false;
    }
}

// Takes one side for this process alone, when other processes may hold the end, too.
bool Endpoint::take_side(os::Side side, Deadline deadline, const char* operation) {
    using std::chrono::milliseconds;
    for (milliseconds nap{1}; !may_lock(side, operation);
         nap = std::min(nap * 2, milliseconds(16))) {
        check_open(operation);
        if (deadline.has_passed()) return false;
        const auto left = std::min<std::chrono::nanoseconds>(deadline.remaining(), nap);
        static_cast<void>(os::wait_readable(os::no_handle, Deadline(left)));
    }
    if (stream_.is_under_way(side)) {
        stream_.unlock_side(side);
        fail_torn(operation);
    }
    stream_.mark_under_way(side, true);
    return true;
}

void Endpoint::give_side(os::Side side) noexcept {
    stream_.mark_under_way(side, false);
    stream_.unlock_side(side);
}

// ---- sending -----------------------------------------------------------------------------------

Outcome Endpoint::send(std::span<const std::byte> message, const os::Beside& beside,
                       Deadline deadline) {
    check_open("send");
    if (!writable_) fail({}, "send", "connection is read-only");
    if (!sending_.lock(deadline, [this] { return is_over(); })) {
        check_open("send");
        return Outcome::timed_out;
    }
    const TurnGuard guard(sending_);
    check_open("send");
    if (unsendable_ != nullptr)
        fail(std::make_error_code(std::errc::broken_pipe), "send", unsendable_);
    if (beside.handles.size() > os::handles_per_transfer_max)
        await_room_for(beside.handles, deadline);
    std::array<std::byte, long_head> head;
    const std::size_t size = write_head(head, message.size());
    return send_all(std::span(head).first(size), message, beside, deadline,
                    shared_.load(std::memory_order_acquire));
}

// A message that is begun must not be cut off because of handles that others have sent: the peer
// could not read anything that follows.
void Endpoint::await_room_for(std::span<const os::NativeHandle> handles, Deadline deadline) const {
    while (const auto problem = os::try_to_hold(handles)) {
        if (!os::are_too_many_under_way(problem))
            fail(problem, "send", "cannot pass its handles on");
        if (!os::wait_to_send(os::no_handle, problem, soonest(deadline)) && deadline.has_passed())
            throw TimeoutError("send", "connection", os::too_many_under_way_text);
        check_open("send");
    }
}

Outcome Endpoint::send_all(std::span<const std::byte> head, std::span<const std::byte> message,
                           os::Beside beside, Deadline deadline, bool shared) {
    if (shared && !take_side(os::Side::sending, deadline, "send")) return Outcome::timed_out;
    std::size_t done = 0;
    const std::size_t whole = head.size() + message.size();
    std::optional<Deadline> patience;
    const auto leave = [&](Outcome outcome) {
        // An incomplete message is torn for the others, too.
        if (done != 0 && done != whole) {
            unsendable_ =
                "an earlier message was cut off at its deadline: nothing can be sent behind it";
            stream_.end_sending();
        }
        if (shared) give_side(os::Side::sending);
        return outcome;
    };
    while (done < whole) {
        std::array<std::span<const std::byte>, 2> parts{
            head.subspan(std::min(done, head.size())),
            message.subspan(done > head.size() ? done - head.size() : 0)};
        // More handles than go at once: one byte with each lot but the last.
        const auto lot =
            beside.handles.first(std::min(beside.handles.size(), os::handles_per_transfer_max));
        if (lot.size() < beside.handles.size())
            parts = {parts[0].empty() ? parts[1].first(1) : parts[0].first(1)};
        std::size_t sent = 0;
        const auto problem =
            stream_.send_within(parts, {lot, beside.note}, soonest(deadline), sent);
        if (!problem) {
            done += sent;
            if (sent != 0) beside = {beside.handles.subspan(lot.size()), {}};
            continue;
        }
        if (!os::is_back_pressure(problem)) {
            leave(Outcome::ended);
            fail(problem, "send", "cannot send to the peer");
        }
        if (is_closed()) {
            leave(Outcome::ended);
            check_open("send");
        }
        if (!deadline.has_passed()) continue;
        if (!os::are_too_many_under_way(problem)) return leave(Outcome::timed_out);
        // There was room for all of them when the message was begun: another sender has taken it.
        if (!patience) patience = Deadline(kPatienceInTheMiddle);
        if (done != 0 && os::wait_to_send(os::no_handle, problem, *patience)) continue;
        leave(Outcome::timed_out);
        throw TimeoutError("send", "connection", os::too_many_under_way_text);
    }
    return leave(Outcome::done);
}

// ---- receiving ---------------------------------------------------------------------------------

Outcome Endpoint::receive(Received& received, std::size_t most, std::span<std::byte> space,
                          Deadline deadline) {
    check_open("recv");
    if (!readable_) fail({}, "recv", "connection is write-only");
    if (!receiving_.lock(deadline, [this] { return is_over(); })) {
        check_open("recv");
        return Outcome::timed_out;
    }
    const TurnGuard guard(receiving_);
    if (partial_ == nullptr) partial_ = std::make_unique<Partial>();
    Partial& partial = *partial_;
    for (;;) {
        check_open("recv");
        if (unusable_ != nullptr) fail({}, "recv", unusable_);
        const bool is_whole = partial.head_got != 0 && partial.head_got == head_size(partial) &&
                              partial.got == partial.length;
        if (is_whole) break;
        if (partial.head_got != 0 && partial.head_got == head_size(partial) &&
            partial.length > most) {
            unusable_ = "an earlier message was longer than allowed: the connection is of no use";
            stream_.end_receiving();
            fail({}, "recv", "bad message length");
        }
        const Outcome outcome = receive_more(partial, space, deadline);
        if (outcome != Outcome::done) return outcome;
    }
    if (partial.locked) give_side(os::Side::receiving);
    received.size = static_cast<std::size_t>(partial.length);
    partial.body.resize(std::min<std::size_t>(partial.body.size(), received.size));
    received.bytes = std::move(partial.body);
    received.beside = std::move(partial.beside);
    partial = Partial{};
    return Outcome::done;
}

std::size_t Endpoint::head_size(const Partial& partial) noexcept {
    const bool is_long = partial.head_got >= short_head &&
                         get_big_endian<std::uint32_t>(partial.head.data()) == 0xffffffff;
    return is_long ? long_head : short_head;
}

// Where the next bytes of the message go.
std::span<std::byte> Endpoint::room_in(Partial& partial, std::span<std::byte> space) const {
    if (partial.head_got < head_size(partial)) {
        return std::span(partial.head)
            .subspan(partial.head_got, head_size(partial) - partial.head_got);
    }
    const auto left = static_cast<std::size_t>(partial.length - partial.got);
    if (partial.body.empty() && partial.length <= space.size())
        return space.subspan(static_cast<std::size_t>(partial.got), left);
    const auto got = static_cast<std::size_t>(partial.got);
    // Only as much memory as the bytes that have come make believable.
    if (got == partial.body.size())
        partial.body.resize(std::min(got + left, std::max(first_room, 2 * got)));
    return std::span(partial.body).subspan(got);
}

// Receives a part of it. Takes the side first if other processes may hold the end.
Outcome Endpoint::receive_more(Partial& partial, std::span<std::byte> space, Deadline deadline) {
    const auto leave = [&] {
        if (!partial.locked) return;
        partial.locked = false;
        // With a message under way, the mark stays: it can never be received whole.
        if (partial.head_got == 0) {
            give_side(os::Side::receiving);
        } else {
            stream_.unlock_side(os::Side::receiving);
        }
    };
    try {
        const Outcome outcome = receive_part(partial, space, deadline);
        if (outcome == Outcome::ended) leave();
        return outcome;
    } catch (...) {
        leave();
        throw;
    }
}

Outcome Endpoint::receive_part(Partial& partial, std::span<std::byte> space, Deadline deadline) {
    const bool shared = shared_.load(std::memory_order_acquire);
    if (shared && !partial.locked) {
        // Given back below when there is nothing, or others that wait for the side would wait for
        // the message.
        if (!take_side(os::Side::receiving, deadline, "recv")) return Outcome::timed_out;
        partial.locked = true;
    }
    const auto room = room_in(partial, space);
    std::size_t got = 0;
    const auto problem = stream_.receive_some(room, got, partial.beside);
    if (problem && os::is_would_block(problem)) {
        const bool nothing_yet = partial.head_got == 0;
        if (partial.locked && nothing_yet) {
            give_side(os::Side::receiving);
            partial.locked = false;
        }
        const bool more = partial.locked || !shared ? wait_for_bytes(deadline, "recv")
                                                    : wait_among_others(deadline);
        if (more) return Outcome::done;
        // The bytes that have gone to the caller's space are kept for the next call.
        if (!nothing_yet && partial.body.empty() && partial.got != 0) {
            const auto kept = space.first(static_cast<std::size_t>(partial.got));
            partial.body.assign(kept.begin(), kept.end());
        }
        return Outcome::timed_out;
    }
    if (problem == std::errc::too_many_files_open) {
        unusable_ = "handles of a message were lost, since too many files are open";
        fail(problem, "recv",
             "the handles of this message cannot be had: raise the limit of open "
             "files (ulimit -n), or close some");
    }
    if (problem || got == 0) return come_to_end(partial, problem);
    if (partial.head_got < head_size(partial)) {
        partial.head_got += got;
        if (partial.head_got == head_size(partial)) {
            partial.length = partial.head_got == short_head
                                 ? get_big_endian<std::uint32_t>(partial.head.data())
                                 : get_big_endian<std::uint64_t>(partial.head.data() + short_head);
            if (partial.head_got == short_head && partial.length > 0x7fffffff) {
                unusable_ =
                    "the peer sent a message of negative length: it speaks another protocol";
            }
        }
    } else {
        partial.got += got;
    }
    return Outcome::done;
}

Outcome Endpoint::come_to_end(const Partial& partial, std::error_code problem) const {
    const bool is_gone = !problem || problem == std::errc::connection_reset;
    if (!is_gone) fail(problem, "recv", "cannot receive from the peer");
    if (partial.head_got == 0) return Outcome::ended;
    fail(problem, "recv", "got end of file during message");
}

bool Endpoint::poll(Deadline deadline) {
    check_open("poll");
    if (!readable_) fail({}, "poll", "connection is write-only");
    return wait_for_bytes(deadline, "poll");
}

}  // namespace procession::connection
