// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <optional>

#include "connection/handshake.h"
#include "os/handle.h"
#include "os/memory_file.h"
#include "procession/listener.h"

namespace procession::connection {

/// What is behind a Listener: the place, and those who have come and have not proved yet that they
/// know the key.
///
/// Threads: one at a time.
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
    [[nodiscard]] os::NativeHandle native_handle() const;

  private:
    /// One who has come.
    struct Guest {
        ByteConnection connection;
        std::optional<Address> from;
        Handshake handshake;
        Deadline patience;
    };

    void let_in();
    void make_room();
    void refuse(const Guest& guest, const char* why) const;
    /// Goes on with those who have said something. Returns the first who is through.
    [[nodiscard]] std::optional<ByteConnection> go_on();
    static bool go_on(Guest& guest);
    [[nodiscard]] Deadline soonest(Deadline deadline) const;

    Address address_;
    const ListenerOptions options_;
    os::Handle listening_;
    std::optional<os::FileIdentity> made_path_;
    std::optional<Address> last_accepted_;
    std::list<Guest> guests_;
};

/// Sends what the handshake has to say. Returns: false when the peer does not take it.
bool send_messages(const ByteConnection& connection, Handshake& handshake, Deadline deadline);

}  // namespace procession::connection
