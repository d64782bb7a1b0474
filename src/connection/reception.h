// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <memory>
#include <optional>

#include "connection/handshake.h"
#include "os/handle.h"
#include "os/listening.h"
#include "os/memory_file.h"
#include "os/ready_set.h"
#include "procession/listener.h"

namespace procession::connection {

class Endpoint;

/// The inside of a Listener: its place, and its guests: the processes that have connected and have
/// not proved yet that they know the key.
///
/// Threads: one at a time.   Fork: the child's copy listens too, at the same place. The path, and
/// the guests that had come, stay its parent's.
class Reception {
  public:
    Reception(const Address& address, ListenerOptions options);
    ~Reception() { close(); }
    Reception(const Reception&) = delete;
    Reception& operator=(const Reception&) = delete;

    [[nodiscard]] std::optional<ByteConnection> accept(Deadline deadline);
    void close() noexcept;

    [[nodiscard]] const Address& address() const noexcept { return address_; }
    [[nodiscard]] const std::optional<Address>& last_accepted() const noexcept {
        return last_accepted_;
    }
    /// Readable when accept() has something to do.
    [[nodiscard]] os::NativeHandle native_handle();

  private:
    /// A process that has connected.
    struct Guest {
        ByteConnection connection;
        std::shared_ptr<Endpoint> endpoint;
        os::NativeHandle watched;
        std::optional<Address> from;
        Handshake handshake;
        Deadline patience;
    };

    using GuestPlace = std::list<Guest>::iterator;

    [[nodiscard]] bool belongs_here() const noexcept;
    void prepare();
    void make_ready_set();
    [[nodiscard]] std::optional<ByteConnection> accept_within(Deadline deadline);
    void let_in();
    bool let_one_in();
    void welcome(os::Handle end, std::optional<Address> from);
    void make_room();
    void refuse(GuestPlace guest, const char* why);
    [[nodiscard]] ByteConnection take(GuestPlace guest);
    /// Goes on with the guests that have sent something. Returns the first one that is through.
    [[nodiscard]] std::optional<ByteConnection> go_on();
    static bool hear(Guest& guest);
    [[nodiscard]] Deadline soonest(Deadline deadline) const;
    [[noreturn]] void fail(std::error_code problem, const char* text) const;

    Address address_;
    const ListenerOptions options_;
    int process_;  // the process that owns the path and the guests
    os::Listening listening_;
    os::ReadySet ready_;  // the place and the guests
    std::optional<os::FileIdentity> made_path_;
    std::optional<Address> last_accepted_;
    std::list<Guest> guests_;
};

/// Sends what the handshake has to say. Returns: false when the peer does not take it.
bool send_messages(const ByteConnection& connection, Handshake& handshake, Deadline deadline);

}  // namespace procession::connection
