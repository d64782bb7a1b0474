// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/reception.h"

#include <algorithm>
#include <vector>

#include "base/logging.h"
#include "connection/endpoint.h"
#include "os/channel.h"
#include "os/listening.h"
#include "os/wait.h"
#include "procession/error.h"

namespace procession::connection {

namespace {

constexpr std::size_t kKeyBytesMin = 16;  // where others than this machine's users can try
constexpr std::size_t kGuestsMax = 64;

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
    : address_(address), options_(std::move(options)) {
    check_key(address, options_);
    if (const auto problem = os::listen_at(address, std::max(options_.backlog, 1), listening_)) {
        throw OSError(problem, "listen", address.text(),
                      problem == std::errc::address_in_use
                          ? "somebody listens there, or a socket was left behind: remove it"
                          : "cannot listen there");
    }
    made_path_ = os::identity_of_path(address_);
    if (const auto problem = os::address_of(listening_.get(), address_))
        throw OSError(problem, "listen", address.text(), "cannot tell where it listens");
}

void Reception::close() noexcept {
    if (!listening_.valid()) return;
    if (made_path_) os::remove_path(address_, *made_path_);
    listening_.reset();
    guests_.clear();
}

os::NativeHandle Reception::native_handle() const {
    if (!listening_.valid()) throw ClosedError("listen", address_.text(), "listener is closed");
    return listening_.get();
}

std::optional<ByteConnection> Reception::accept(Deadline deadline) {
    for (;;) {
        std::vector<os::Watched> watched{{native_handle()}};
        for (const auto& guest : guests_) watched.push_back({guest.connection.native_handle()});
        const bool in_time = os::wait_any(watched, soonest(deadline));
        if (auto accepted = go_on()) return accepted;
        if (in_time && watched[0].ready) let_in();
        if (auto accepted = go_on()) return accepted;
        if (!in_time && deadline.has_passed()) return std::nullopt;
    }
}

Deadline Reception::soonest(Deadline deadline) const {
    for (const auto& guest : guests_) {
        if (guest.patience.time_point() < deadline.time_point()) deadline = guest.patience;
    }
    return deadline;
}

void Reception::let_in() {
    os::Handle channel;
    std::optional<Address> from;
    const auto problem = os::accept_at(listening_.get(), channel, from);
    if (problem == std::errc::too_many_files_open ||
        problem == std::errc::too_many_files_open_in_system ||
        problem == std::errc::not_enough_memory) {
        throw OSError(problem, "accept", address_.text(), "cannot let anybody in");
    }
    if (problem) return;  // it has gone again
    if (address_.kind() != Address::Kind::tcp) {
        const auto stranger = os::why_peer_is_a_stranger(channel.get());
        if (stranger == std::errc::permission_denied) {
            base::log(LogLevel::warning, "%s: refused a process of another user",
                      address_.text().c_str());
            return;
        }
        if (stranger) throw OSError(stranger, "accept", address_.text(), "cannot tell who comes");
    }
    make_room();
    ByteConnection connection(Endpoint::adopt(std::move(channel), true, true));
    guests_.push_back({std::move(connection), std::move(from),
                       Handshake(Role::listener, options_.authkey), options_.patience});
    if (options_.authkey.empty()) return;  // go_on() lets it through
    Guest& guest = guests_.back();
    if (!send_messages(guest.connection, guest.handshake, Deadline::now())) guests_.pop_back();
}

// So that a crowd of silent ones takes neither all handles nor all memory: the oldest has had its
// time.
void Reception::make_room() {
    if (guests_.size() < kGuestsMax) return;
    refuse(guests_.front(), "too many wait at the same time");
    guests_.pop_front();
}

void Reception::refuse(const Guest& guest, const char* why) const {
    base::log(LogLevel::warning, "%s: refused %s: %s", address_.text().c_str(),
              guest.from ? guest.from->text().c_str() : "a process", why);
}

// Returns: false when there is nothing more to hear now.
bool Reception::go_on(Guest& guest) {
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
    for (auto each = guests_.begin(); each != guests_.end();) {
        std::string why;
        try {
            while (!options_.authkey.empty() &&
                   each->handshake.state() == Handshake::State::under_way && go_on(*each)) {}
        } catch (const Error& failed) {
            why = failed.what();
        }
        if (why.empty() && each->handshake.state() == Handshake::State::refused)
            why = each->handshake.reason();
        const bool is_through =
            options_.authkey.empty() || each->handshake.state() == Handshake::State::done;
        if (why.empty() && is_through) {
            last_accepted_ = each->from;
            ByteConnection accepted = std::move(each->connection);
            guests_.erase(each);
            return accepted;
        }
        if (why.empty() && each->patience.has_passed()) why = "it was silent for too long";
        if (why.empty()) {
            ++each;
        } else {
            refuse(*each, why.c_str());
            each = guests_.erase(each);
        }
    }
    return std::nullopt;
}

}  // namespace procession::connection
