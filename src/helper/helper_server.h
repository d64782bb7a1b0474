// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/logging.h"
#include "helper/program.h"
#include "helper/rpc.h"
#include "os/child.h"
#include "os/handle.h"
#include "os/inherited.h"
#include "os/wait.h"
#include "procession/deadline.h"

namespace procession::inline v0::detail::helper {

/// The server half of a helper process: its clients, and what they send. The role waits, takes one
/// message after another, obeys it, and ends the process when no client is left:
///
///     for (;;) {
///         server.wait(deadline);
///         while (auto message = server.next()) ...
///     }
///
/// Guarantees:
///   1. Clients that come to the rendezvous are authenticated: they are processes of this user, or
///      of the superuser. Those of a channel that was added are the role's responsibility.
///   2. It never waits for a client, neither to receive nor to send.
///
/// Threads: one.
class HelperServer {
  public:
    using Client = std::uint64_t;

    /// `name` is for the log.
    explicit HelperServer(const char* name) noexcept : name_(name) {}

    /// From now on clients come to this socket.
    void listen_at(os::Handle rendezvous) noexcept { rendezvous_ = std::move(rendezvous); }
    Client add(os::Handle channel);
    /// Closes the channel.
    void remove(Client client) noexcept { channels_.erase(client); }
    /// In a fork child of the server.
    void close_all() noexcept;
    [[nodiscard]] std::size_t clients() const noexcept { return channels_.size(); }
    [[nodiscard]] os::NativeHandle channel_of(Client client) const;

    /// Until a client comes, sends something or ends, or one of the others is ready.
    void wait(Deadline deadline, std::span<os::Watched> others = {});
    /// Whether a client came to the rendezvous in the last wait.
    [[nodiscard]] bool had_visitor() const noexcept { return had_visitor_; }

    /// One record of one client, or its end.
    struct Message {
        Client client = 0;
        bool is_end = false;      // nothing more will come; the client is for the role to remove
        std::error_code problem;  // the reason, where the system gave one
        std::vector<os::Handle> handles;
        bool lost_handles = false;  // not all that came along could be had: too many are open
        std::size_t size = 0;
        std::array<std::byte, 64> space;

        template <Record R>
        [[nodiscard]] std::optional<R> as() const noexcept {
            static_assert(sizeof(R) < sizeof space, "a longer record is seen as one");
            return record_from<R>(std::span(space).first(size));
        }
    };
    /// Of the clients that were ready in the last wait, one message each.
    [[nodiscard]] std::optional<Message> next();

    /// One attempt to send, without waiting.
    [[nodiscard]] std::error_code reply(
        Client client, std::span<const std::byte> record,
        std::span<const os::NativeHandle> handles = {}) const noexcept;

  private:
    void accept_all();
    [[nodiscard]] bool receive_from(Client client, Message& message) const;

    const char* const name_;
    os::Handle rendezvous_;
    std::map<Client, os::Handle> channels_;
    Client clients_so_far_ = 0;
    std::vector<Client> ready_;  // the next one is the last
    bool had_visitor_ = false;
    bool says_it_is_full_ = false;  // once is enough for the log
    bool says_it_refuses_ = false;
};

/// The main function of a helper: serve() gets the handle that the process was started with.
/// `process_name` is for ps and top.
template <class Serve>
[[noreturn]] void run_helper(const Role& role, const char* process_name,
                             std::string_view descriptor, Serve serve) noexcept {
    os::Handle handle = handle_named_by(descriptor);
    if (!handle.valid()) os::exit_immediately(127);
    try {
        os::set_process_name(process_name);
        os::close_on_exec(handle.get());
        serve(std::move(handle));
    } catch (const std::exception& failed) {
        base::log(LogLevel::error, "%s ends: %s", role.title, failed.what());
        os::exit_immediately(1);
    }
    os::exit_immediately(0);
}

}  // namespace procession::inline v0::detail::helper
