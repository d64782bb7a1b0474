// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "process/child_table.h"
#include "base/process_singleton.h"
#include "os/at_fork.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <mutex>

namespace procession::inline v0 {

namespace detail::process {

namespace {

using Records = std::vector<std::shared_ptr<ChildRecord>>;

/// Invariant: no record is destroyed under the lock (its destructor takes the lock of the fork
/// listeners, which comes first).
class ChildTable final : public os::LockedAcrossForks {
  public:
    static ChildTable& of_this_process() { return base::ProcessSingleton<ChildTable>::instance(); }

    void add(const std::shared_ptr<ChildRecord>& record) {
        Records of_our_parent;  // destroyed after the lock is released
        const std::lock_guard guard(lock_);
        records_.push_back(record);
        const auto first = std::stable_partition(records_.begin(), records_.end(),
                                                 [](const auto& each) { return each->is_mine(); });
        of_our_parent.assign(std::make_move_iterator(first),
                             std::make_move_iterator(records_.end()));
        records_.erase(first, records_.end());
    }

    void remove(const ChildRecord& record) noexcept {
        std::shared_ptr<ChildRecord> removed;  // likewise
        const std::lock_guard guard(lock_);
        const auto found = std::find_if(records_.begin(), records_.end(),
                                        [&](const auto& each) { return each.get() == &record; });
        if (found == records_.end()) return;
        removed = std::move(*found);
        records_.erase(found);
    }

    Records all() {
        Records mine;
        const std::lock_guard guard(lock_);
        std::copy_if(records_.begin(), records_.end(), std::back_inserter(mine),
                     [](const auto& each) { return each->is_mine(); });
        return mine;
    }

  private:
    friend class base::ProcessSingleton<ChildTable>;
    ChildTable() noexcept { start_listening(); }

    Records records_;
};

}  // namespace

void add_to_table(const std::shared_ptr<ChildRecord>& record) {
    if (record->daemon()) {
        static constinit std::atomic<bool> at_exit{false};
        if (!at_exit.exchange(true)) std::atexit([] { end_daemons(); });
    }
    ChildTable::of_this_process().add(record);
}

void remove_from_table(const ChildRecord& record) noexcept {
    ChildTable::of_this_process().remove(record);
}

Records children_in_table() { return ChildTable::of_this_process().all(); }

void end_daemons() noexcept {
    const Deadline patience = daemon_patience;
    for (const auto& each : children_in_table()) {
        if (each->daemon() && each->runs()) each->end_by_force(patience);
    }
}

}  // namespace detail::process

std::vector<ProcessInfo> active_children() {
    std::vector<ProcessInfo> alive;
    for (const auto& each : detail::process::children_in_table()) {
        if (each->runs()) alive.push_back(each->info());
    }
    return alive;
}

}  // namespace procession::inline v0
