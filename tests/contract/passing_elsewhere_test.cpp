// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "contract/elsewhere_fixture.h"
#include "contract/passing_fixture.h"

// Queues in items, for processes that have gone where the broker's name leads nowhere, or where it
// belongs to another user.

namespace procession::testing {

namespace {

enum class Change : std::uint8_t { user, network_namespace };

void make(Change change) {
    if (change == Change::user) become_another_user();
    if (change == Change::network_namespace) leave_network_namespace();
}

using Queues = Queue<Queue<int>>;
using JoinableQueues = JoinableQueue<Queue<int>>;

struct Case {
    StartMethod method;
    Change change;
};

class PassingElsewhere : public ::testing::TestWithParam<Case> {
  protected:
    void SetUp() override {
        if (!is_root()) GTEST_SKIP() << "only root may change its user or network namespace";
    }
    [[nodiscard]] static Change change() { return GetParam().change; }
    [[nodiscard]] static StartMethod method() { return GetParam().method; }
};

std::vector<Case> all_cases() {
    std::vector<Case> cases;
    for (const StartMethod method : get_all_start_methods()) {
        cases.push_back({method, Change::user});
        cases.push_back({method, Change::network_namespace});
    }
    return cases;
}
std::string show_case(const ::testing::TestParamInfo<Case>& info) {
    return std::string(name_of(info.param.method)) +
           (info.param.change == Change::user ? "_other_user" : "_other_network");
}
INSTANTIATE_TEST_SUITE_P(Each, PassingElsewhere, ::testing::ValuesIn(all_cases()), show_case);

/// Has the broker started: as long as there is one, children are given a way to it.
void use_broker() {
    const Queues carrier;
    carrier.put(Queue<int>());
    static_cast<void>(carrier.get());
}

void answer_elsewhere(Change change, const JoinableQueues& questions, const Queues& plain,
                      const Queues& made_there) {
    make(change);
    auto question = questions.get();
    question->put(1);
    question.done();
    plain.get().put(2);
    const Queue<int> mine;
    mine.put(3);
    made_there.put(mine);
}

TEST_P(PassingElsewhere, reaches_a_process_that_changed_after_it_was_started_and_back) {
    use_broker();
    const JoinableQueues questions;
    const Queues plain;
    const Queues made_there;
    Process child(method(), answer_elsewhere, change(), questions, plain, made_there);
    const Queue<int> first;
    const Queue<int> second;
    questions.put(first);
    plain.put(second);
    EXPECT_EQ(first.get(), 1);
    EXPECT_EQ(second.get(), 2);
    EXPECT_EQ(made_there.get().get(), 3);
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
    EXPECT_TRUE(questions.dead_letters().empty());
    EXPECT_TRUE(plain.dead_letters().empty());
}

void fail_elsewhere(Change change, const JoinableQueues& questions, const Queues& plain,
                    const Queue<std::string>& errors) {
    make(change);
    const auto report = [&](const auto& queue) {
        try {
            static_cast<void>(queue.get());
            errors.put("none");
        } catch (const OSError& failed) {
            errors.put(failed.what());
        }
    };
    report(questions);
    report(questions);
    report(plain);
}

TEST_P(PassingElsewhere, gives_back_what_a_process_without_a_way_to_the_broker_cannot_receive) {
    const JoinableQueues questions;
    const Queues plain;
    const Queue<std::string> errors;
    Process child(method(), fail_elsewhere, change(), questions, plain, errors);
    const Queue<int> queue;
    questions.put(queue);  // the broker is younger than the child
    plain.put(queue);
    const std::string why = change() == Change::user ? "another user" : "another network namespace";
    for (int i = 0; i < 3; ++i) EXPECT_NE(errors.get().find(why), std::string::npos) << i;
    child.join();
    EXPECT_EQ(child.exit_code(), 0);
    auto lease = questions.get();
    EXPECT_EQ(*lease, queue);
    EXPECT_EQ(lease.deliveries(), 1) << "nobody has had it before";
    lease.done();
    // Nothing that was taken from a plain queue goes back: others may have the items behind it.
    const auto letters = plain.take_dead_letters();
    ASSERT_EQ(letters.size(), 1);
    EXPECT_NE(letters[0].reason.find(why), std::string::npos) << letters[0].reason;
}

}  // namespace

}  // namespace procession::testing
