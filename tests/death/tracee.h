// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace procession::death {

/// A fork child that executes one instruction at a time (ptrace(2)). Its destructor kills it.
/// Threads: the one that made it, as ptrace wants it.
class Tracee {
  public:
    /// Returns when the child, in `life`, has stopped itself (SIGSTOP). `life` does not return.
    /// Throws: std::system_error when this process may not trace its children.
    explicit Tracee(const std::function<void()>& life);
    ~Tracee() { kill(); }
    Tracee(const Tracee&) = delete;
    Tracee& operator=(const Tracee&) = delete;

    /// Executes one instruction, a system call included. False when the child has ended.
    [[nodiscard]] bool step();
    /// Whether the next instruction puts it to sleep on a word.
    [[nodiscard]] bool is_about_to_sleep() const;
    /// Whether the last instruction goes on: one turn of a string instruction.
    [[nodiscard]] bool is_inside_an_instruction() const { return repeating_; }
    /// SIGKILL, and waits for the end.
    void kill();

    [[nodiscard]] pid_t pid() const { return pid_; }
    /// For people: where it is.
    [[nodiscard]] std::string place() const;

  private:
    [[nodiscard]] std::uintptr_t instruction() const;

    pid_t pid_ = -1;
    std::uintptr_t last_ = 0;
    bool repeating_ = false;
};

/// Binds this thread, and children made from now on, to one processor while it lives: the two sides
/// of a single step hand over faster there.
class OneProcessor {
  public:
    OneProcessor();
    ~OneProcessor();
    OneProcessor(const OneProcessor&) = delete;
    OneProcessor& operator=(const OneProcessor&) = delete;

  private:
    alignas(8) unsigned char before_[128];
};

}  // namespace procession::death
