// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <cstdlib>
#include <optional>
#include <thread>

#include "contract/process_fixture.h"
#include "procession/error.h"

// Queues of namespace scope: one queue for a program and its forked children, and another one in
// each process that is a fresh start of the program, which is told at its first use.

namespace procession::testing {

using namespace detail;
namespace {

constexpr const char* kWanted = "PROCESSION_TEST_QUEUES_OF_NAMESPACE_SCOPE";

/// In the children of these tests the queues are made before main, elsewhere in this program not.
template <class Queue>
std::optional<Queue> made_if_wanted() {
    if (std::getenv(kWanted) == nullptr) return std::nullopt;
    return Queue();
}
std::optional<Queue<int>> plain = made_if_wanted<Queue<int>>();
std::optional<JoinableQueue<int>> joinable = made_if_wanted<JoinableQueue<int>>();

template <class Kind>
const auto& of_namespace_scope() {
    if constexpr (std::is_same_v<Kind, Plain>) {
        return *plain;
    } else {
        return *joinable;
    }
}

// Another thread of the sanitizer's own looks like one of the program's.
#if defined(__SANITIZE_THREAD__)
constexpr bool one_thread_is_known = false;
#else
constexpr bool one_thread_is_known = os::can_fork;
#endif

template <class Kind>
class QueueOfNamespaceScope : public ForKind<Kind> {
  protected:
    void SetUp() override {
        ::setenv(kWanted, "1", 1);
        plain.emplace();
        joinable.emplace();
    }
    void TearDown() override {
        ::unsetenv(kWanted);
        plain.reset();
        joinable.reset();
    }
};
TYPED_TEST_SUITE(QueueOfNamespaceScope, BothKinds, KindName);

template <class Kind>
void put_one() {
    of_namespace_scope<Kind>().put(42);
}

TYPED_TEST(QueueOfNamespaceScope, is_one_queue_under_fork_and_refused_under_the_others) {
    if (!one_thread_is_known) GTEST_SKIP() << "then it is a warning";
    const StderrTo nowhere("/dev/null");
    const auto& queue = of_namespace_scope<TypeParam>();
    for (const auto method : get_all_start_methods()) {
        Process child(method, put_one<TypeParam>);
        child.join();
        if (method == StartMethod::fork) {
            EXPECT_EQ(take(queue, Deadline::now()), 42);
            EXPECT_EQ(child.exit_code(), 0);
            continue;
        }
        EXPECT_TRUE(queue.empty());
        EXPECT_EQ(child.exit_code(), 1);
        ASSERT_TRUE(child.exception());
        EXPECT_EQ(child.exception()->type, "procession::SharingError");
        EXPECT_TRUE(contains(child.exception()->message, "Pass it to the child as an argument"));
    }
}

template <class Kind>
void expect_each_verb_to_refuse() {
    const auto& queue = of_namespace_scope<Kind>();
    const auto expect_refusal = [](auto use) { must(!message_of<SharingError>(use).empty()); };
    for (int twice = 0; twice < 2; ++twice) {
        expect_refusal([&] { queue.put(1); });
        expect_refusal([&] { static_cast<void>(queue.try_put(1, Deadline::now())); });
        expect_refusal([&] { static_cast<void>(queue.put_many(std::vector<int>{1, 2})); });
        expect_refusal([&] { static_cast<void>(queue.get()); });
        expect_refusal([&] { static_cast<void>(queue.try_get(Deadline::now())); });
        expect_refusal([&] { static_cast<void>(queue.get_many(2)); });
        expect_refusal([&] { static_cast<void>(queue.qsize()); });
        expect_refusal([&] { static_cast<void>(queue.empty()); });
        expect_refusal([&] { static_cast<void>(queue.full()); });
        expect_refusal([&] { queue.shutdown(); });
        expect_refusal([&] { static_cast<void>(queue.ready_handle(Ready::items)); });
        if constexpr (requires { queue.unfinished(); }) {
            expect_refusal([&] { static_cast<void>(queue.unfinished()); });
            expect_refusal([&] { static_cast<void>(queue.join(Deadline::now())); });
        }
    }
}

TYPED_TEST(QueueOfNamespaceScope, is_refused_by_each_verb_that_would_miss_the_parents_items) {
    if (!one_thread_is_known) GTEST_SKIP() << "then it is a warning";
    for (const auto method : get_all_start_methods()) {
        if (method == StartMethod::fork) continue;
        EXPECT_TRUE(ends_well(Process(method, expect_each_verb_to_refuse<TypeParam>)));
    }
}

template <class Kind>
void use_it_between_threads() {
    const auto& queue = of_namespace_scope<Kind>();
    std::atomic<int> sum{0};
    std::thread consumer([&] {
        for (int i = 0; i < 3; ++i) sum += take(queue);
    });
    for (int i = 1; i <= 3; ++i) queue.put(i);
    consumer.join();
    must(sum == 6);
    expect_joined(queue);
}

TYPED_TEST(QueueOfNamespaceScope, serves_the_threads_of_one_child_which_is_warned_once) {
    const Folder folder;
    for (const auto method : get_all_start_methods()) {
        const std::string shown = folder.file("log" + std::string(name_of(method)));
        {
            const StderrTo log(shown);
            EXPECT_TRUE(ends_well(Process(method, use_it_between_threads<TypeParam>)));
        }
        const std::string text = file_text(shown);
        const auto first = text.find(" of the process that started it");
        EXPECT_EQ(first == std::string::npos, method == StartMethod::fork) << text;
        if (first != std::string::npos) {
            EXPECT_EQ(text.find(" of the process that started it", first + 10), std::string::npos)
                << text;
        }
    }
}

template <class Queue>
void expect_passed(const Queue& passed, int value) {
    must(take(passed, Deadline::now()) == value);
}

TYPED_TEST(QueueOfNamespaceScope, that_is_passed_as_an_argument_is_the_parents) {
    const auto& queue = of_namespace_scope<TypeParam>();
    for (const auto method : get_all_start_methods()) {
        queue.put(7);
        EXPECT_TRUE(ends_well(
            Process(method, expect_passed<std::remove_cvref_t<decltype(queue)>>, queue, 7)));
        expect_joined(queue);
    }
}

template <class Kind>
void pass_it_on(StartMethod method) {
    const auto& queue = of_namespace_scope<Kind>();
    Process grandchild(
        method, [](const std::remove_cvref_t<decltype(queue)>& passed) { passed.put(9); }, queue);
    grandchild.join();
    must(take(queue, Deadline::now()) == 9);
}

TYPED_TEST(QueueOfNamespaceScope, that_a_child_passes_on_is_meant_to_be_its_own) {
    for (const auto method : get_all_start_methods()) {
        for (const auto next : get_all_start_methods()) {
            if (next == StartMethod::fork) continue;  // nothing is passed: the child has it
            EXPECT_TRUE(ends_well(Process(method, pass_it_on<TypeParam>, next)));
        }
    }
}

template <class Kind>
void use_one_of_its_function() {
    static const typename Kind::template Queue<int> own;
    own.put(3);
    must(take(own, Deadline::now()) == 3);
}

TYPED_TEST(QueueOfNamespaceScope, is_not_one_that_a_function_makes_for_its_process) {
    for (const auto method : get_all_start_methods())
        EXPECT_TRUE(ends_well(Process(method, use_one_of_its_function<TypeParam>)));
}

}  // namespace
}  // namespace procession::testing
