// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "procession/handle.h"
#include "procession/process.h"

namespace procession::bench {

using Clock = std::chrono::steady_clock;

/// Where both processes of a pair run: wherever the scheduler puts them, or both on one cpu.
enum class Cpus : std::uint8_t { any, one };
[[nodiscard]] const char* show(Cpus cpus);

/// Keeps this process on its first cpu, if so asked, as long as this object lives.
class Stay {
  public:
    explicit Stay(Cpus cpus);
    Stay(const Stay&) = delete;
    Stay& operator=(const Stay&) = delete;
    ~Stay();

  private:
    std::uintptr_t before_ = 0;  // 0: nothing was changed
};

/// How a child starts together with its parent: an argument of the child.
struct Start {
    Handle ready;  // events
    Handle go;
    Cpus cpus = Cpus::any;

    /// In the child: says that it is ready, and waits for the parent.
    void pass() const;
};

/// The other process of a pair.
class Partner {
  public:
    /// Starts work(start, arguments...) in a child, and waits until that waits in start.pass().
    template <class... Parameters, class... Arguments>
    Partner(const std::string& name, Cpus cpus, void (*work)(const Start&, Parameters...),
            const Arguments&... arguments)
        : start_(new_start(cpus)),
          process_(spawn, {.name = name, .daemon = true, .die_with_parent = true}, work, start_,
                   arguments...) {
        wait_until_ready();
    }

    /// Lets it begin. Returns: when.
    Clock::time_point go();
    /// Waits for its end. Throws: std::runtime_error when it failed.
    void join();

  private:
    [[nodiscard]] static Start new_start(Cpus cpus);
    void wait_until_ready();

    Start start_;
    Process process_;
};

/// What takes longer than a minute from now on ends the program with status 124; children never
/// outlive it. `name` is what the program says it was doing.
void expect_progress(const std::string& name);

}  // namespace procession::bench
