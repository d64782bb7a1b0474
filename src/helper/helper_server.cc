// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "helper/helper_server.h"

#include <algorithm>
#include <chrono>

#include "os/channel.h"
#include "os/rendezvous.h"
#include "os/would_block.h"

namespace procession::inline v0::detail::helper {

HelperServer::Client HelperServer::add(os::Handle channel) {
    const Client client = ++clients_so_far_;
    channels_.emplace(client, std::move(channel));
    return client;
}

void HelperServer::close_all() noexcept {
    rendezvous_.reset();
    channels_.clear();
    ready_.clear();
}

os::NativeHandle HelperServer::channel_of(Client client) const {
    const auto found = channels_.find(client);
    return found != channels_.end() ? found->second.get() : os::no_handle;
}

void HelperServer::wait(Deadline deadline, std::span<os::Watched> others) {
    std::vector<os::Watched> watched{{rendezvous_.get()}};
    std::vector<Client> clients;
    for (const auto& [client, channel] : channels_) {
        watched.push_back({channel.get()});
        clients.push_back(client);
    }
    watched.insert(watched.end(), others.begin(), others.end());
    static_cast<void>(os::wait_any(watched, deadline));
    std::copy(watched.end() - static_cast<std::ptrdiff_t>(others.size()), watched.end(),
              others.begin());
    ready_.clear();
    for (std::size_t i = clients.size(); i > 0; --i) {
        if (watched[i].ready) ready_.push_back(clients[i - 1]);
    }
    had_visitor_ = watched[0].ready;
    if (had_visitor_) accept_all();
}

void HelperServer::accept_all() {
    for (;;) {
        os::Handle channel;
        const auto problem = os::accept_from_rendezvous(rendezvous_, channel);
        if (problem) {
            if (os::is_would_block(problem)) return;
            if (!std::exchange(says_it_is_full_, true)) {
                base::log(LogLevel::warning, "%s: cannot accept a client: %s", name_,
                          problem.message().c_str());
            }
            // No handles left, perhaps: other clients have to go first.
            static_cast<void>(os::wait_readable(os::no_handle, std::chrono::milliseconds(10)));
            return;
        }
        // A superuser's process may be one of the family that has not changed its user id, and
        // could do anything anyway.
        const auto mismatch = os::check_peer_user(channel.get(), os::Superuser::accepted);
        if (mismatch) {
            const bool again = std::exchange(says_it_refuses_, true);
            base::log(again ? LogLevel::debug : LogLevel::warning,
                      "%s: refused a process of another user (%s)", name_,
                      mismatch.message().c_str());
            continue;
        }
        says_it_is_full_ = false;
        add(std::move(channel));
    }
}

std::optional<HelperServer::Message> HelperServer::next() {
    while (!ready_.empty()) {
        Message message;
        message.client = ready_.back();
        ready_.pop_back();
        if (receive_from(message.client, message)) return message;
    }
    return std::nullopt;
}

// Returns: false when there is nothing, after all.
bool HelperServer::receive_from(Client client, Message& message) const {
    const os::NativeHandle channel = channel_of(client);
    if (channel == os::no_handle) return false;  // removed meanwhile
    message.problem = os::receive_some(channel, message.space, message.size, message.handles);
    if (message.problem && os::is_would_block(message.problem)) return false;
    message.lost_handles = message.problem == std::errc::too_many_files_open;
    message.is_end = message.size == 0 || (message.problem && !message.lost_handles);
    return true;
}

std::error_code HelperServer::reply(Client client, std::span<const std::byte> record,
                                    std::span<const os::NativeHandle> handles) const noexcept {
    const std::array parts{record};
    std::size_t sent = 0;
    return os::send_some(channel_of(client), parts, handles, sent);
}

}  // namespace procession::inline v0::detail::helper
