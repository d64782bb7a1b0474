// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "os/handle.h"
#include "os/linux/fault_hook.h"

namespace procession::testing {

using namespace detail;

using os::calls::Call;
using os::calls::kCalls;
using os::calls::kShort;

/// Whose calls: those of the process that acts, or those of its children.
enum class Whose : std::uint8_t { actors = 0, childrens = 1 };

/// One call that shall fail: the n-th of its kind in its process, counted from 1.
struct PlannedFault {
    Call call = Call::close;
    unsigned nth = 1;
    int number = 0;        // errno, or kShort
    bool lasting = false;  // and every later one
    Whose whose = Whose::actors;

    [[nodiscard]] std::string text() const;
};

/// One allocation of C++ (operator new) that shall fail.
struct PlannedShortage {
    unsigned nth = 0;  // 0: none
    bool lasting = false;
    Whose whose = Whose::actors;

    [[nodiscard]] std::string text() const;
};

[[nodiscard]] const char* name_of(Call call) noexcept;
/// "EMFILE", "a half".
[[nodiscard]] std::string name_of_error(int number);

/// Makes calls of this process and its children fail as planned, while it is armed. Its state is
/// shared memory: fork children have it, spawned children of this program find it through the
/// environment. At most one at a time.
class FaultPlan {
  public:
    FaultPlan();
    ~FaultPlan();
    FaultPlan(const FaultPlan&) = delete;
    FaultPlan& operator=(const FaultPlan&) = delete;

    void plan(std::span<const PlannedFault> faults);
    void plan(const PlannedShortage& shortage);

    /// From now on this process is the actor, and calls are counted and made to fail.
    static void arm() noexcept;
    static void disarm() noexcept;

    /// How often a call was made in the process that made it most.
    [[nodiscard]] unsigned calls(Whose whose, Call call) const noexcept;
    [[nodiscard]] unsigned allocations(Whose whose) const noexcept;
    /// Whether the last of the planned faults has happened.
    [[nodiscard]] bool fired() const noexcept;

    /// What the acting process leaves for the one that reads this.
    void note_live_allocations(long more) noexcept;
    [[nodiscard]] long noted_live_allocations() const noexcept;

  private:
    os::Handle memory_;
};

/// Asked by operator new: whether to fail.
[[nodiscard]] bool allocation_fails() noexcept;

}  // namespace procession::testing
