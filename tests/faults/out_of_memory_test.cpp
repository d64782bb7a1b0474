// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Each allocation of each operation fails, once and for ever.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <thread>

#include "faults/driver.h"
#include "procession/joinable_queue.h"
#include "support/gate.h"

#ifdef PROCESSION_FAULTS

namespace procession::testing {
namespace {

constexpr unsigned kVisitedMax = 300;
constexpr int kFailuresMax = 12;

class Starve {
  public:
    explicit Starve(const NamedOperation& operation) : operation_(operation) {}

    void run() {
        plan_.plan(PlannedShortage{});
        EXPECT_TRUE(runs_well(plan_, {operation_, 0, true, "nothing wrong"}));
        live_ = plan_.noted_live_allocations();
        const std::array counts{plan_.allocations(Whose::actors),
                                plan_.allocations(Whose::childrens)};
        for (const auto whose : {Whose::actors, Whose::childrens}) {
            const unsigned count = std::min(counts[static_cast<std::size_t>(whose)], kVisitedMax);
            for (unsigned nth = 1; nth <= count; ++nth) {
                for (const bool lasting : {false, true}) visit({nth, lasting, whose});
            }
        }
        std::printf("%s: %u + %u allocations, %u shortages visited\n", operation_.name, counts[0],
                    counts[1], visited_);
    }

  private:
    void visit(const PlannedShortage& shortage) {
        if (failures_ >= kFailuresMax || !is_due()) return;
        plan_.plan(shortage);
        if (runs_well(plan_, {operation_, 0, true, shortage.text()})) {
            EXPECT_LE(plan_.noted_live_allocations(), live_)
                << operation_.name << " leaks memory when " << shortage.text();
        } else {
            ++failures_;
        }
        if (plan_.fired()) ++visited_;
    }

    const NamedOperation& operation_;
    FaultPlan plan_;
    long live_ = 0;
    int failures_ = 0;
    unsigned visited_ = 0;
};

/// Only where nothing else goes wrong anyway.
std::vector<NamedOperation> starved_operations() {
    std::vector<NamedOperation> starved;
    for (const auto& each : all_operations()) {
        if (!each.given) starved.push_back(each);
    }
    return starved;
}

class OutOfMemory : public ::testing::TestWithParam<NamedOperation> {};

TEST_P(OutOfMemory, loses_and_breaks_nothing) { Starve(GetParam()).run(); }

std::string operation_name(const ::testing::TestParamInfo<NamedOperation>& info) {
    return info.param.name;
}
INSTANTIATE_TEST_SUITE_P(In, OutOfMemory, ::testing::ValuesIn(starved_operations()),
                         operation_name);

// Its end is the first that the thread has to do with queues, and there is no memory to note that.
[[noreturn]] void drop_in_a_new_thread(std::optional<JoinableQueue<int>>& queue, Gate& dropped,
                                       Gate& seen) {
    static_cast<void>(queue->get().detach());
    FaultPlan plan;
    plan.plan(PlannedShortage{.nth = 1, .lasting = true});
    std::thread([&] {
        FaultPlan::arm();
        queue.reset();
        FaultPlan::disarm();
    }).join();
    dropped.open();
    seen.wait();
    ::_exit(plan.fired() ? 0 : 1);
}

TEST(WithoutMemory, the_last_handle_of_a_process_gives_its_lease_back) {
    std::optional<JoinableQueue<int>> queue(QueueOptions{.name = "a name that needs memory"});
    queue->put(7);
    Gate dropped;
    Gate seen;
    const pid_t child = ::fork();
    if (child == 0) drop_in_a_new_thread(queue, dropped, seen);
    dropped.wait();
    const auto lease = queue->get();
    EXPECT_EQ(*lease, 7) << "while the process that held it lives on";
    seen.open();
    int status = -1;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0) << "no allocation failed, or the process crashed";
}

}  // namespace
}  // namespace procession::testing

#endif  // PROCESSION_FAULTS
