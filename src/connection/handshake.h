// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace procession::inline v0::detail::connection {

/// Whether this side accepted the connection (listener) or opened it (client).
enum class Role : std::uint8_t { listener, client };

inline constexpr std::size_t handshake_message_bytes_max = 256;

/// Mutual authentication by a shared key, as CPython 3.12 and newer do it: each side proves to the
/// other that it knows the key, the client first.
///
///     listener                                              client
///     "#CHALLENGE#{sha256}" + 40 random bytes      ->
///                                                  <-       "{digest}" + HMAC(key, challenge)
///     "#WELCOME#" or "#FAILURE#"                   ->
///     and then the same with the roles exchanged.
///
/// The challenge is everything after "#CHALLENGE#", including "{sha256}". The digest is one of
/// sha256, sha384, sha3_256, sha3_384. MD5 is refused, and so are peers that support nothing else
/// (CPython up to 3.11).
///
/// A state machine without input and output: the caller transfers the messages.
class Handshake {
  public:
    using Message = std::vector<std::byte>;
    enum class State : std::uint8_t { in_progress, done, refused };

    /// Throws: OSError when the system gives no random bytes.
    Handshake(Role role, std::string key);

    /// The messages that the caller must send now, in this order.
    [[nodiscard]] std::vector<Message> take_messages();
    /// Processes the next message of the peer.
    void receive(std::span<const std::byte> message);

    [[nodiscard]] State state() const noexcept;
    /// Why the peer was refused. Contains nothing secret.
    [[nodiscard]] const std::string& reason() const noexcept { return reason_; }

  private:
    enum class Awaits : std::uint8_t { challenge, answer, verdict, nothing };

    void send_challenge();
    void check_answer(std::string_view answer);
    void answer_challenge(std::string_view challenge);
    void check_verdict(std::string_view verdict);
    void refuse(std::string reason);
    void send(std::string_view message);

    const Role role_;
    const std::string key_;
    std::string challenge_;
    Awaits awaits_ = Awaits::nothing;
    bool refused_ = false;
    std::string reason_;
    std::vector<Message> to_send_;
};

}  // namespace procession::inline v0::detail::connection
