// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace procession::testing {

/// What this process holds of the operating system: descriptors, mappings of shared memory,
/// children.
///
/// A test takes one before it starts and asks at its end that nothing has been left. What lies
/// outside of this process (orphans, files in /dev/shm) is checked by tools/watchdog once this
/// process has ended.
class Census {
  public:
    /// Counts now.
    Census()
        : descriptors_(descriptors_now()), mappings_(mappings_now()), children_(children_now()) {}

    /// Adds a failure to the current test for everything that is there now and was not at
    /// construction. Children that have ended but were not waited for count too.
    void expect_nothing_left() const;

  private:
    /// What it is -> how to show it.
    using Things = std::map<std::string, std::string>;

    static void expect_nothing_new(const char* kind, const Things& before, const Things& after) {
        for (const auto& [thing, description] : after) {
            if (before.count(thing) == 0)
                ADD_FAILURE() << "left behind: " << kind << ' ' << description;
        }
    }

    static Things descriptors_now();
    static Things mappings_now();
    static Things children_now();

    Things descriptors_;
    Things mappings_;
    Things children_;
};

}  // namespace procession::testing
