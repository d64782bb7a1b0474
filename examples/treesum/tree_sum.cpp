// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "tree_sum.h"

#include "system.h"

namespace treesum {

void TreeSum::operator()() {
    // Ctrl-C goes to all processes at the terminal. The parent decides; we die with it.
    ignore_interruptions();
    for (auto task : tasks) {  // ends at shutdown
        Result result;
        result.number = task->number;
        result.attempt = task->attempt;
        const auto report = [&](const Checkpoint& reached) {
            result.kind = Result::Kind::reached;
            result.checkpoint = reached;
            results.put(result);
        };
        if (task->is_large && task.deliveries() > 1) {
            result.kind = Result::Kind::hand_over;
        } else {
            std::vector<FileSum> sums;
            for (const std::string& path : task->paths) {
                sums.push_back(hash_file(path, task->from, report));
            }
            result.sums = std::move(sums);
            result.kind = Result::Kind::finished;
            result.checkpoint = {};
        }
        results.put(result);
        task.done();
    }
}

}  // namespace treesum
