// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/handshake.h"

#include <array>
#include <utility>

#include "os/hmac.h"
#include "os/random.h"
#include "procession/error.h"

namespace procession::inline v0::detail::connection {

namespace {

constexpr std::string_view kChallenge = "#CHALLENGE#";
constexpr std::string_view kWelcome = "#WELCOME#";
constexpr std::string_view kFailure = "#FAILURE#";
constexpr std::string_view kOurDigest = "{sha256}";
constexpr std::size_t kRandomBytes = 40;
constexpr std::size_t kLegacyChallengeBytes = 20;
constexpr std::size_t kLegacyAnswerBytes = 16;

/// The parts of "{digest}rest".
struct DigestAndRest {
    std::string_view digest;
    std::string_view rest;
};
std::optional<DigestAndRest> parse_digest(std::string_view text) {
    const std::size_t end = text.substr(0, 16).find('}');
    if (!text.starts_with('{') || end == text.npos) return std::nullopt;
    return DigestAndRest{text.substr(1, end - 1), text.substr(end + 1)};
}

constexpr const char* kLegacy =
    "the peer offers HMAC-MD5 only, as CPython up to 3.11 does; that is not accepted: use CPython "
    "3.12 or newer there";

}  // namespace

Handshake::Handshake(Role role, std::string key) : role_(role), key_(std::move(key)) {
    if (role_ == Role::listener) {
        send_challenge();
    } else {
        awaits_ = Awaits::challenge;
    }
}

std::vector<Handshake::Message> Handshake::take_messages() { return std::exchange(to_send_, {}); }

Handshake::State Handshake::state() const noexcept {
    if (refused_) return State::refused;
    return awaits_ == Awaits::nothing ? State::done : State::in_progress;
}

void Handshake::receive(std::span<const std::byte> message) {
    const std::string_view text(reinterpret_cast<const char*>(message.data()), message.size());
    if (text.size() > handshake_message_bytes_max) return refuse("its message is too long");
    switch (awaits_) {
        case Awaits::challenge: return answer_challenge(text);
        case Awaits::answer: return check_answer(text);
        case Awaits::verdict: return check_verdict(text);
        case Awaits::nothing: return;
    }
}

void Handshake::send_challenge() {
    std::array<std::byte, kRandomBytes> random;
    if (const auto problem = os::fill_random(random))
        throw OSError(problem, "challenge", "peer", "the system gives no random bytes");
    challenge_ = kOurDigest;
    challenge_.append(reinterpret_cast<const char*>(random.data()), random.size());
    send(std::string(kChallenge) + challenge_);
    awaits_ = Awaits::answer;
}

void Handshake::check_answer(std::string_view answer) {
    const auto parts = parse_digest(answer);
    if (!parts) {
        send(kFailure);
        return refuse(answer.size() == kLegacyAnswerBytes ? kLegacy : "its answer names no digest");
    }
    const auto expected = os::hmac(parts->digest, key_, challenge_);
    const bool is_right = expected && os::constant_time_equal(*expected, parts->rest);
    if (!is_right) {
        send(kFailure);
        return refuse(expected ? "it does not know the key"
                               : "it uses a digest that is not allowed");
    }
    send(kWelcome);
    challenge_.clear();
    awaits_ = role_ == Role::listener ? Awaits::challenge : Awaits::nothing;
}

void Handshake::answer_challenge(std::string_view challenge) {
    if (!challenge.starts_with(kChallenge)) return refuse("it sends no challenge");
    challenge.remove_prefix(kChallenge.size());
    if (challenge.size() == kLegacyChallengeBytes) return refuse(kLegacy);
    const auto parts = parse_digest(challenge);
    if (!parts || parts->rest.size() < kLegacyChallengeBytes)
        return refuse("its challenge is too short, or names no digest");
    const auto hash = os::hmac(parts->digest, key_, challenge);
    if (!hash) return refuse("it asks for a digest that is not allowed");
    send("{" + std::string(parts->digest) + "}" + *hash);
    awaits_ = Awaits::verdict;
}

void Handshake::check_verdict(std::string_view verdict) {
    if (verdict != kWelcome) return refuse("it did not accept our answer: the keys differ");
    if (role_ == Role::client) return send_challenge();
    awaits_ = Awaits::nothing;
}

void Handshake::refuse(std::string reason) {
    refused_ = true;
    reason_ = std::move(reason);
}

void Handshake::send(std::string_view message) {
    const auto bytes = std::as_bytes(std::span(message));
    to_send_.emplace_back(bytes.begin(), bytes.end());
}

}  // namespace procession::inline v0::detail::connection
