// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/reception.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <vector>

#include "base/logging.h"
#include "connection/endpoint.h"
#include "os/child.h"
#include "os/wait.h"
#include "procession/error.h"

namespace procession::connection {

namespace {

constexpr std::size_t kKeyBytesMin = 16;  // where users of other machines can try
constexpr std::size_t kGuestsMax = 64;

const char* why_not(std::error_code problem) {
    if (problem == std::errc::address_in_use)
        return "somebody listens there, or a socket was left behind: remove it";
    if (problem == std::errc::address_family_not_supported)
        return "TCP is not supported on this system: use a path or an abstract name";
    return "cannot listen there";
}

void check_key(const Address& address, const ListenerOptions& options) {
    if (address.kind() == Address::Kind::tcp && options.authkey.empty()) {
        throw ValueError(
            "listen", address.text(),
            "a TCP listener needs an authkey: every user of this machine could connect");
    }
    if (!address.is_local() && options.authkey.size() < kKeyBytesMin) {
        throw ValueError("listen", address.text(),
                         "a listener that other machines can reach needs an authkey of at least " +
                             std::to_string(kKeyBytesMin) + " bytes");
    }
}

/// Ends the connection also for a process that holds a copy of it, as a fork child may.
void hang_up(Endpoint& guest) noexcept {
    guest.end_sending();
    guest.end_receiving();
}

}  // namespace

bool send_messages(const ByteConnection& connection, Handshake& handshake, Deadline deadline) {
    try {
        for (const auto& message : handshake.take_messages())
            connection.send_bytes(message, deadline);
        return true;
    } catch (const Error&) {  // gone, or it does not receive
        return false;
    }
}

Reception::Reception(const Address& address, ListenerOptions options)
    : address_(address), options_(std::move(options)), process_(os::this_process()) {
    check_key(address, options_);
    if (const auto problem =
            os::Listening::open(address, std::max(options_.backlog, 1), listening_)) {
        fail(problem, why_not(problem));
    }
    made_path_ = os::identity_of_path(address_);
    try {
        if (const auto problem = listening_.tell(address_))
            fail(problem, "cannot tell where it listens");
        make_ready_set();
    } catch (...) {
        close();
        throw;
    }
}

void Reception::fail(std::error_code problem, const char* text) const {
    throw OSError(problem, "listen", address_.text(), text);
}

// A fork child has a copy of everything, but only handles of its own to the same objects.
bool Reception::belongs_here() const noexcept { return process_ == os::this_process(); }

void Reception::close() noexcept {
    if (!listening_.is_open()) return;
    if (belongs_here()) {
        if (made_path_) os::remove_path(address_, *made_path_);
        for (const auto& guest : guests_) hang_up(*guest.endpoint);
    }
    ready_.close();
    listening_.close();
    guests_.clear();
}

void Reception::make_ready_set() {
    os::ReadySet made;
    auto problem = made.create();
    if (!problem) problem = listening_.watch(made);
    if (problem) fail(problem, "cannot watch for those who come");
    ready_ = std::move(made);
}

void Reception::prepare() {
    if (!listening_.is_open()) throw ClosedError("listen", address_.text(), "listener is closed");
    if (belongs_here()) return;
    guests_.clear();
    made_path_.reset();
    make_ready_set();  // its copy of the old one is its parent's set
    process_ = os::this_process();
}

os::NativeHandle Reception::native_handle() {
    prepare();
    ready_.refresh();
    return ready_.native_handle();
}

std::optional<ByteConnection> Reception::accept(Deadline deadline) {
    prepare();
    auto accepted = accept_within(deadline);
    ready_.refresh();  // an event loop may wait next
    return accepted;
}

std::optional<ByteConnection> Reception::accept_within(Deadline deadline) {
    for (;;) {
        ready_.refresh();
        // Ready or not: a guest's time may be over, or the kernel could not tell.
        static_cast<void>(os::wait_readable(ready_.native_handle(), soonest(deadline)));
        ready_.begin_look();
        if (auto accepted = go_on()) return accepted;
        let_in();
        if (auto accepted = go_on()) return accepted;
        if (deadline.has_passed()) return std::nullopt;
    }
}

Deadline Reception::soonest(Deadline deadline) const {
    for (const auto& guest : guests_) {
        if (guest.patience.time_point() < deadline.time_point()) deadline = guest.patience;
    }
    return deadline;
}

void Reception::let_in() {
    // Without a key each guest is through at once. With a key, guests prove side by side that they
    // know it; but no crowd may push out guests that came before it and had no chance to speak.
    while (let_one_in() && !options_.authkey.empty() && guests_.size() < kGuestsMax) {}
}

// Returns: false when no process waits there.
bool Reception::let_one_in() {
    os::Handle end;
    std::optional<Address> from;
    std::error_code stranger;
    const auto problem = listening_.accept(ready_, end, from, stranger);
    if (problem == std::errc::operation_would_block) return false;
    if (problem) throw OSError(problem, "accept", address_.text(), "cannot let anybody in");
    if (stranger == std::errc::permission_denied) {
        base::log(LogLevel::warning, "%s: refused a process of another user",
                  address_.text().c_str());
        return true;
    }
    if (stranger) throw OSError(stranger, "accept", address_.text(), "cannot tell who comes");
    welcome(std::move(end), std::move(from));
    return true;
}

void Reception::welcome(os::Handle end, std::optional<Address> from) {
    make_room();
    const os::NativeHandle watched = end.get();
    auto endpoint = Endpoint::adopt(std::move(end), true, true);
    guests_.push_back({ByteConnection(endpoint), endpoint, watched, std::move(from),
                       Handshake(Role::listener, options_.authkey), options_.patience});
    const auto guest = std::prev(guests_.end());
    if (const auto problem = ready_.add(watched)) {
        refuse(guest, "the system cannot watch one more");
        throw OSError(problem, "accept", address_.text(), "cannot watch one more who has come");
    }
    if (options_.authkey.empty()) return;  // go_on() lets it through
    if (!send_messages(guest->connection, guest->handshake, Deadline::now()))
        refuse(guest, "it has gone");
}

// Refuses the oldest guest of a crowd, which has had its time: silent guests must take neither all
// handles nor all memory.
void Reception::make_room() {
    if (guests_.size() >= kGuestsMax) refuse(guests_.begin(), "too many wait at the same time");
}

void Reception::refuse(GuestPlace guest, const char* why) {
    base::log(LogLevel::warning, "%s: refused %s: %s", address_.text().c_str(),
              guest->from ? guest->from->text().c_str() : "a process", why);
    hang_up(*guest->endpoint);
    static_cast<void>(take(guest));
}

ByteConnection Reception::take(GuestPlace guest) {
    ready_.remove(guest->watched);
    ByteConnection connection = std::move(guest->connection);
    guests_.erase(guest);
    return connection;
}

// Returns: false when there is nothing more to hear now.
bool Reception::hear(Guest& guest) {
    std::vector<std::byte> message;
    try {
        message = guest.connection.recv_bytes(handshake_message_bytes_max, Deadline::now());
    } catch (const TimeoutError&) {
        return false;
    }
    guest.handshake.receive(message);
    if (!send_messages(guest.connection, guest.handshake, Deadline::now()))
        throw EOFError("authenticate", "peer", "it does not receive");
    return true;
}

std::optional<ByteConnection> Reception::go_on() {
    for (auto next = guests_.begin(); next != guests_.end();) {
        const auto each = next++;
        std::string why;
        try {
            while (!options_.authkey.empty() &&
                   each->handshake.state() == Handshake::State::under_way && hear(*each)) {}
        } catch (const Error& failed) {
            why = failed.what();
        }
        if (why.empty() && each->handshake.state() == Handshake::State::refused)
            why = each->handshake.reason();
        const bool is_through =
            options_.authkey.empty() || each->handshake.state() == Handshake::State::done;
        if (why.empty() && is_through) {
            last_accepted_ = each->from;
            return take(each);
        }
        if (why.empty() && each->patience.has_passed()) why = "it was silent for too long";
        if (!why.empty()) refuse(each, why.c_str());
    }
    return std::nullopt;
}

}  // namespace procession::connection
