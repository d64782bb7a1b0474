// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <array>
#include <deque>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <unordered_map>
#include <variant>

#include "support/queue_helpers.h"

// What can be an element, through both kinds of queue; and that the plain ones travel as they are.

namespace procession::testing {

struct Job {
    std::string path;
    std::uint64_t size = 0;
    friend bool operator==(const Job&, const Job&) = default;
};
struct Nested {
    Job job;
    std::vector<Job> more;
    std::optional<Job> maybe;
    std::map<std::string, std::vector<int>> table;
    std::variant<int, std::string> either;
    std::tuple<int, Job> pair;
    std::array<int, 3> three{};
    friend bool operator==(const Nested&, const Nested&) = default;
};
struct Point {
    double x = 0;
    double y = 0;
    std::array<std::int16_t, 4> more{};
    friend bool operator==(const Point&, const Point&) = default;
};
enum class Colour : std::uint8_t { red, green = 200 };
struct Tree {
    int value = 0;
    std::vector<Tree> children;
    friend bool operator==(const Tree&, const Tree&) = default;
};

namespace {

template <class Kind>
class QueueElements : public ForKind<Kind> {
  public:
    template <class T>
    static void expect_round_trip(std::vector<T> values) {
        const typename Kind::template Queue<T> queue;
        for (const T& each : values) queue.put(each);
        for (const T& each : values) EXPECT_EQ(take(queue, Deadline::now()), each);
    }
    /// The format in which a value travels, and how many bytes it has then.
    template <class T>
    static std::pair<Format, std::size_t> as_sent(const T& value) {
        const typename Kind::template Queue<T> queue;
        queue.put(value);
        Message message;
        EXPECT_TRUE(queue.bytes().try_get(message, Deadline::now()).has_value());
        return {message.format(), message.bytes().size()};
    }
};
TYPED_TEST_SUITE(QueueElements, BothKinds, KindName);

TYPED_TEST(QueueElements, numbers_at_their_limits) {
    using Limits = std::numeric_limits<std::int64_t>;
    TestFixture::template expect_round_trip<std::int64_t>({Limits::min(), -1, 0, Limits::max()});
    TestFixture::template expect_round_trip<std::uint8_t>({0, 127, 128, 255});
    TestFixture::template expect_round_trip<double>({-0.0, 1.5, 1e308, 5e-324});
    TestFixture::template expect_round_trip<bool>({true, false});
    TestFixture::template expect_round_trip<char>({'a', '\0'});
}

TYPED_TEST(QueueElements, strings) {
    TestFixture::template expect_round_trip<std::string>(
        {"", "text", std::string("with\0nul", 8), "\xff\xfe no UTF-8", std::string(70'000, 'x')});
}

TYPED_TEST(QueueElements, enums_and_plain_structs) {
    TestFixture::template expect_round_trip<Colour>({Colour::red, Colour::green});
    TestFixture::template expect_round_trip<Point>({{}, {1, -2, {1, 2, 3, -4}}});
}

TYPED_TEST(QueueElements, containers) {
    TestFixture::template expect_round_trip<std::vector<int>>({{}, {1, 2, 3}});
    TestFixture::template expect_round_trip<std::vector<bool>>({{}, {true, false, true}});
    TestFixture::template expect_round_trip<std::deque<std::string>>({{"a", ""}, {}});
    TestFixture::template expect_round_trip<std::set<int>>({{3, 1, 2}});
    TestFixture::template expect_round_trip<std::unordered_map<std::string, int>>({{{"a", 1}}, {}});
    TestFixture::template expect_round_trip<std::vector<std::vector<std::byte>>>(
        {{{}, {std::byte{1}}}});
}

TYPED_TEST(QueueElements, optionals_variants_tuples_times_and_paths) {
    TestFixture::template expect_round_trip<std::optional<int>>({std::nullopt, 0, 7});
    TestFixture::template expect_round_trip<std::variant<int, std::string>>({1, "one"});
    TestFixture::template expect_round_trip<std::tuple<int, std::string>>({{1, "one"}});
    TestFixture::template expect_round_trip<std::chrono::nanoseconds>({-1ns, 5h});
    TestFixture::template expect_round_trip<std::filesystem::path>({"", "/usr/share"});
}

TYPED_TEST(QueueElements, structs_of_all_these) {
    const Nested full{{"a", 1}, {{"b", 2}, {"", 0}}, Job{"c", 3}, {{"d", {4, 5}}, {"", {}}},
                      "six",    {7, {"e", 8}},       {9, 10, 11}};
    TestFixture::template expect_round_trip<Nested>({{}, full});
    TestFixture::template expect_round_trip<std::vector<Nested>>({{full, {}, full}});
}

TYPED_TEST(QueueElements, types_that_contain_themselves) {
    TestFixture::template expect_round_trip<Tree>({{1, {{2, {{3, {}}}}, {4, {}}}}});
}

TYPED_TEST(QueueElements, that_can_only_be_moved) {
    const typename TestFixture::template QueueOf<std::unique_ptr<Job>> queue;
    queue.put(std::make_unique<Job>(Job{"path", 5}));
    queue.put(nullptr);
    std::vector<std::unique_ptr<Job>> more;
    more.push_back(std::make_unique<Job>(Job{"more", 6}));
    EXPECT_EQ(queue.put_many(more), 1U);
    EXPECT_EQ(*take(queue), (Job{"path", 5}));
    EXPECT_EQ(take(queue), nullptr);
    for (auto& item : queue.get_many(5)) EXPECT_EQ(value_of(std::move(item))->path, "more");
}

TYPED_TEST(QueueElements, are_read_and_never_moved_from) {
    const typename TestFixture::Texts queue;
    std::string text(500, 'x');
    queue.put(text);
    queue.put(std::move(text));
    EXPECT_EQ(text.size(), 500U);  // NOLINT(bugprone-use-after-move): that is the point
    EXPECT_EQ(take(queue), take(queue));
}

TYPED_TEST(QueueElements, without_pointers_travel_as_their_own_bytes) {
    EXPECT_EQ(TestFixture::as_sent(std::int64_t{5}), std::pair(Format::raw, sizeof(std::int64_t)));
    EXPECT_EQ(TestFixture::as_sent(1.5), std::pair(Format::raw, sizeof(double)));
    EXPECT_EQ(TestFixture::as_sent(true), std::pair(Format::raw, std::size_t{1}));
    EXPECT_EQ(TestFixture::as_sent(Colour::green), std::pair(Format::raw, std::size_t{1}));
    EXPECT_EQ(TestFixture::as_sent(Point{}), std::pair(Format::raw, sizeof(Point)));
}

TYPED_TEST(QueueElements, of_varying_size_travel_as_messagepack) {
    EXPECT_EQ(TestFixture::as_sent(std::string("abc")), std::pair(Format::msgpack, std::size_t{4}));
    EXPECT_EQ(TestFixture::as_sent(Job{"a", 1}), std::pair(Format::msgpack, std::size_t{4}));
    EXPECT_EQ(TestFixture::as_sent(std::vector<int>{}), std::pair(Format::msgpack, std::size_t{1}));
}

template <class Kind>
class QueueElementsStarted : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueElementsStarted, BothKindsStarted, KindName);

template <class Queue>
void echo(const Queue& in, const Queue& out) {
    for (auto item : in) out.put(value_of(std::move(item)));
}

TYPED_TEST(QueueElementsStarted, come_back_from_another_process_as_they_were) {
    using NestedQueue = typename TestFixture::template QueueOf<Nested>;
    const NestedQueue there;
    const NestedQueue back;
    Process child(TypeParam::method, echo<NestedQueue>, there, back);
    const Nested full{{"a", 1}, {{"b", 2}, {"", 0}}, Job{"c", 3}, {{"d", {4, 5}}, {"", {}}},
                      "six",    {7, {"e", 8}},       {9, 10, 11}};
    for (const Nested& each : {full, Nested{}, full}) {
        there.put(each);
        EXPECT_EQ(take(back), each);
    }
    there.shutdown();
    EXPECT_TRUE(ends_well(child));
}

}  // namespace
}  // namespace procession::testing
