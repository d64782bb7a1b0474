// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "helper/helper_server.h"
#include "helper/program.h"
#include "helper/rpc.h"
#include "os/child.h"
#include "os/handle.h"
#include "os/signals.h"
#include "process/forkserver_protocol.h"

namespace procession::inline v0::detail::process {

/// Its argument names its channel; the next argument, if there is one, says what to run first.
inline constexpr helper::Role forkserver_role{"forkserver", "the forkserver"};
inline constexpr const char* preload_marker = "--procession-preload=";

/// A process of this program that has run only the code before init() in main, and the preload
/// function: it forks the children of the process that has started it.
///
/// It has one thread. It ends with that process, at once, whatever ended it. Signals do not reach
/// it: one that a terminal sends to all processes of a command must not end the process that
/// reports how the children end. In the children no signal is blocked.
class ForkServer {
  public:
    explicit ForkServer(os::Handle channel) : client_(server_.add(std::move(channel))) {}

    /// Runs what `place` (encoded, in hexadecimal) names. What it throws is the answer to all
    /// requests.
    void preload(std::string_view place) noexcept;
    [[noreturn]] void run();

  private:
    struct ServedChild {
        os::Child child;
        os::Handle status_channel;
    };

    void serve(helper::HelperServer::Message message);
    void start(std::vector<os::Handle> handles);
    void cancel() noexcept;
    void report_ended_children();
    /// Returns: false when the system cannot send it. When the client has ended, the next message
    /// says so.
    [[nodiscard]] bool reply(const ForkAnswer& answer, const os::Handle* sentinel = nullptr);
    void refuse(std::int32_t problem, std::string_view text);

    helper::HelperServer server_{"forkserver"};
    helper::HelperServer::Client client_;  // the only one: the process that has started the server
    helper::IncomingHandles handles_{handles_per_child_max};  // of the request that is under way
    std::list<ServedChild> children_;                         // the newest is the last
    int answered_with_ = 0;  // the child in the last answer, 0 when it had none
    std::optional<os::SignalsBlocked> blocked_;
    std::string preload_failure_;
};

/// The main function of a forkserver: `descriptor` names its channel.
[[noreturn]] void run_forkserver(std::string_view descriptor, const char* preload) noexcept;

}  // namespace procession::inline v0::detail::process
