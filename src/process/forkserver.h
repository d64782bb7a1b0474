// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "helper/program.h"
#include "os/child.h"
#include "os/handle.h"
#include "os/signals.h"
#include "process/forkserver_protocol.h"

namespace procession::process {

/// Its argument names its control channel; the next argument, if there is one, says what to run
/// first.
inline constexpr helper::Role forkserver_role{"forkserver", "the forkserver"};
inline constexpr const char* preload_marker = "--procession-preload=";

/// A process of this program that has run only the code before init() in main, and the preload
/// function: it forks the children of the process that has started it.
///
/// It has one thread. It ends with that process, at once, whatever ended it. Signals do not reach
/// it: one that a terminal sends to all processes of a command must not end the process that tells
/// how the children end. In the children no signal is blocked.
class ForkServer {
  public:
    explicit ForkServer(os::Handle control) : control_(std::move(control)) {}

    /// Runs what `place` (encoded, in hexadecimal) names. What it throws is the answer to all
    /// requests.
    void preload(std::string_view place) noexcept;
    [[noreturn]] void run();

  private:
    /// A child of ours, and where its end is to be told.
    struct Mine {
        os::Child child;
        os::Handle status;
    };

    void serve();
    void start(std::vector<os::Handle> handles);
    void take_back() noexcept;
    void tell_who_has_ended();
    [[nodiscard]] bool answer(const ForkAnswer& answer, const os::Handle* sentinel = nullptr);
    void refuse(std::int32_t problem, std::string_view text);

    os::Handle control_;
    std::vector<os::Handle> arriving_;
    bool lost_some_ = false;    // of them: too many were open
    std::list<Mine> children_;  // the newest is the last
    int answered_with_ = 0;     // the child in the last answer, 0 when it had none
    std::optional<os::SignalsBlocked> blocked_;
    std::string preload_failure_;
};

/// The whole life of a forkserver, from init() on.
[[noreturn]] void run_forkserver(std::string_view descriptor, const char* preload) noexcept;

}  // namespace procession::process
