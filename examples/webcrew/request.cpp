// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "request.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>

namespace webcrew {

namespace {

constexpr std::size_t kHeadMax = 8192;
constexpr int kPatienceMs = 5000;  // with a client that sends, or reads, slowly

/// The head of a request, still on the connection; or why there is none.
struct Head {
    enum class State { whole, none, gone, too_long, too_slow } state = State::none;
    std::string text;
};

// Until there are more bytes than `have`, or the client is gone.
bool wait_for_more(int connection, std::size_t have) {
    const int least = static_cast<int>(have) + 1;
    ::setsockopt(connection, SOL_SOCKET, SO_RCVLOWAT, &least, sizeof least);
    pollfd watched{connection, POLLIN, 0};
    const int ready = ::poll(&watched, 1, kPatienceMs);
    const int any = 1;
    ::setsockopt(connection, SOL_SOCKET, SO_RCVLOWAT, &any, sizeof any);
    return ready > 0;
}

Head peek_head(int connection) {
    std::array<char, kHeadMax> space;
    for (;;) {
        const ssize_t got = ::recv(connection, space.data(), space.size(), MSG_PEEK | MSG_DONTWAIT);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return {errno == EAGAIN ? Head::State::none : Head::State::gone, {}};
        if (got == 0) return {Head::State::gone, {}};
        const std::string_view text(space.data(), static_cast<std::size_t>(got));
        const std::size_t end = text.find("\r\n\r\n");
        if (end != text.npos) return {Head::State::whole, std::string(text.substr(0, end + 4))};
        if (text.size() == space.size()) return {Head::State::too_long, {}};
        if (!wait_for_more(connection, text.size())) return {Head::State::too_slow, {}};
    }
}

bool send_all(int connection, std::string_view text) {
    while (!text.empty()) {
        const ssize_t sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (sent > 0) {
            text.remove_prefix(static_cast<std::size_t>(sent));
            continue;
        }
        if (errno == EINTR) continue;
        pollfd watched{connection, POLLOUT, 0};
        if (errno != EAGAIN || ::poll(&watched, 1, kPatienceMs) <= 0) return false;
    }
    return true;
}

void take_off(int connection, std::size_t bytes) {
    std::array<char, kHeadMax> space;
    while (::recv(connection, space.data(), bytes, MSG_DONTWAIT) < 0 && errno == EINTR) {}
}

bool contains_line(std::string head, std::string_view line) {
    std::transform(head.begin(), head.end(), head.begin(), [](unsigned char letter) {
        return static_cast<char>(letter >= 'A' && letter <= 'Z' ? letter + ('a' - 'A') : letter);
    });
    return head.find("\r\n" + std::string(line) + "\r\n") != head.npos;
}

bool wants_to_stay(const std::string& head) {
    if (contains_line(head, "connection: close")) return false;
    const std::size_t end_of_line = head.find("\r\n");
    const bool is_newest = head.substr(0, end_of_line).ends_with(" HTTP/1.1");
    return is_newest || contains_line(head, "connection: keep-alive");
}

std::string response(std::string_view status, const std::string& body, bool keeps_open,
                     bool with_body) {
    return "HTTP/1.1 " + std::string(status) +
           "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) +
           "\r\nConnection: " + (keeps_open ? "keep-alive" : "close") + "\r\n\r\n" +
           (with_body ? body : std::string());
}

bool refuse(int connection, std::string_view status) {
    send_all(connection, response(status, std::string(status) + "\n", false, true));
    return false;
}

}  // namespace

bool answer_one_request(int connection) {
    const Head head = peek_head(connection);
    switch (head.state) {
        case Head::State::none: return true;
        case Head::State::gone: return false;
        case Head::State::too_long:
            return refuse(connection, "431 Request Header Fields Too Large");
        case Head::State::too_slow: return refuse(connection, "408 Request Timeout");
        case Head::State::whole: break;
    }
    const bool is_head = head.text.starts_with("HEAD ");
    if (!is_head && !head.text.starts_with("GET ")) {
        return refuse(connection, "405 Method Not Allowed");
    }
    const bool keeps_open = wants_to_stay(head.text);
    const std::string body = "answered by process " + std::to_string(::getpid()) + "\n";
    if (!send_all(connection, response("200 OK", body, keeps_open, !is_head))) return false;
    take_off(connection, head.text.size());
    return keeps_open;
}

}  // namespace webcrew
