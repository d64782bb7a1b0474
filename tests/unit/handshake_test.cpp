// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/handshake.h"
#include "base/hexadecimal.h"
#include "os/hmac.h"

#include <gtest/gtest.h>

#include <optional>

// Mutual authentication as a machine: what goes in, what comes out.

namespace procession::inline v0::detail::connection {
namespace {

using Message = Handshake::Message;

Message bytes_of(std::string_view text) {
    const auto bytes = std::as_bytes(std::span(text));
    return {bytes.begin(), bytes.end()};
}
std::string text_of(const Message& message) {
    return {reinterpret_cast<const char*>(message.data()), message.size()};
}
void pass(Handshake& from, Handshake& to) {
    for (const auto& message : from.take_messages()) to.receive(message);
}
void let_them_talk(Handshake& listener, Handshake& client) {
    for (int i = 0; i < 4; ++i) {
        pass(listener, client);
        pass(client, listener);
    }
}

TEST(Handshake, of_two_that_know_the_key_succeeds_on_both_sides) {
    Handshake listener(Role::listener, "key");
    Handshake client(Role::client, "key");
    let_them_talk(listener, client);
    EXPECT_EQ(listener.state(), Handshake::State::done);
    EXPECT_EQ(client.state(), Handshake::State::done);
}

TEST(Handshake, of_two_with_different_keys_fails_on_both_sides) {
    Handshake listener(Role::listener, "key");
    Handshake client(Role::client, "kez");
    let_them_talk(listener, client);
    EXPECT_EQ(listener.state(), Handshake::State::refused);
    EXPECT_EQ(client.state(), Handshake::State::refused);
    EXPECT_EQ(listener.reason(), "it does not know the key");
    EXPECT_EQ(client.reason(), "it did not accept our answer: the keys differ");
}

// python3 -c "import hmac; print(hmac.new(b'key', b'{sha256}' + b'x'*40, 'sha256').hexdigest())"
TEST(Handshake, answers_as_cpython_computes_it) {
    Handshake client(Role::client, "key");
    client.receive(bytes_of("#CHALLENGE#{sha256}" + std::string(40, 'x')));
    const auto sent = client.take_messages();
    ASSERT_EQ(sent.size(), 1U);
    const auto expected = os::hmac("sha256", "key", "{sha256}" + std::string(40, 'x'));
    EXPECT_EQ(base::hexadecimal(std::as_bytes(std::span(*expected))),
              "fc6e095716948559f532f6b59bd051557239f32978aa33681f9fb3c610cb3af3");
    EXPECT_EQ(text_of(sent[0]), "{sha256}" + *expected);
}

TEST(Handshake, sends_a_challenge_that_is_never_the_same) {
    Handshake one(Role::listener, "key");
    Handshake other(Role::listener, "key");
    const std::string challenge = text_of(one.take_messages().at(0));
    EXPECT_TRUE(challenge.starts_with("#CHALLENGE#{sha256}"));
    EXPECT_EQ(challenge.size(), 19U + 40U);
    EXPECT_NE(challenge, text_of(other.take_messages().at(0)));
}

TEST(Handshake, takes_the_stronger_digests_and_no_weaker_one) {
    EXPECT_TRUE(os::hmac("sha256", "key", ""));
    EXPECT_TRUE(os::hmac("sha384", "key", ""));
    EXPECT_FALSE(os::hmac("md5", "key", ""));
    EXPECT_FALSE(os::hmac("sha1", "key", ""));
#ifndef _WIN32  // there since Windows 11
    EXPECT_TRUE(os::hmac("sha3_256", "key", ""));
    EXPECT_TRUE(os::hmac("sha3_384", "key", ""));
#endif
    for (const std::string digest :
         {"sha256", "sha384", "sha3_256", "sha3_384", "md5", "sha1", ""}) {
        Handshake listener(Role::listener, "key");
        const std::string challenge = text_of(listener.take_messages().at(0)).substr(11);
        const bool allowed = os::hmac(digest, "key", "").has_value();
        const auto hash = os::hmac(allowed ? digest : "sha256", "key", challenge);
        listener.receive(bytes_of("{" + digest + "}" + *hash));
        EXPECT_EQ(listener.state() != Handshake::State::refused, allowed) << digest;
        EXPECT_EQ(text_of(listener.take_messages().at(0)), allowed ? "#WELCOME#" : "#FAILURE#");
    }
}

TEST(Handshake, says_what_is_wrong_with_a_peer_that_knows_md5_only) {
    Handshake listener(Role::listener, "key");
    listener.receive(bytes_of(std::string(16, 'm')));
    EXPECT_NE(listener.reason().find("CPython 3.12"), std::string::npos);
    Handshake client(Role::client, "key");
    client.receive(bytes_of("#CHALLENGE#" + std::string(20, 'r')));
    EXPECT_NE(client.reason().find("CPython 3.12"), std::string::npos);
}

TEST(Handshake, is_not_taken_in_by_its_own_challenge_or_an_old_answer) {
    Handshake listener(Role::listener, "key");
    const auto challenge = listener.take_messages().at(0);
    listener.receive(challenge);  // sent back
    EXPECT_EQ(listener.state(), Handshake::State::refused);

    Handshake first(Role::listener, "key");
    Handshake client(Role::client, "key");
    client.receive(first.take_messages().at(0));
    const auto answer = client.take_messages().at(0);
    Handshake second(Role::listener, "key");
    static_cast<void>(second.take_messages());
    second.receive(answer);
    EXPECT_EQ(second.state(), Handshake::State::refused) << "replayed";
}

TEST(Handshake, refuses_what_is_no_message_of_it) {
    for (const std::string& message :
         {std::string(), std::string("#CHALLENGE#"), std::string("#WELCOME#"),
          std::string("{sha256}"), std::string("{sha256}short"), std::string(257, 'x'),
          std::string("#CHALLENGE#{sha256}short"),
          std::string("#CHALLENGE#{md5}") + std::string(40, 'x')}) {
        Handshake listener(Role::listener, "key");
        listener.receive(bytes_of(message));
        EXPECT_EQ(listener.state(), Handshake::State::refused) << message;
        Handshake client(Role::client, "key");
        client.receive(bytes_of(message));
        EXPECT_EQ(client.state(), Handshake::State::refused) << message;
    }
}

}  // namespace
}  // namespace procession::inline v0::detail::connection
