// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <array>
#include <chrono>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <numeric>
#include <optional>
#include <variant>
#include <vector>

#include "contract/process_fixture.h"
#include "procession/error.h"

namespace procession::testing {
namespace {

class ProcessArguments : public EachStartMethod {};
INSTANTIATE_TEST_SUITE_P(StartMethods, ProcessArguments, all_start_methods(), show_start_method);

void expect(bool held) {
    if (!held) throw SystemExit{99};
}

int exit_code_of(Process child) {
    child.join();
    return child.exit_code().value();
}

struct Point {
    int x = 0;
    std::optional<double> y;
    friend bool operator==(const Point&, const Point&) = default;
};
using Points = std::map<std::string, std::vector<Point>>;
using Either = std::variant<int, std::string>;

void check_rich(const Points& points, Either either, std::tuple<int, std::string> pair,
                std::chrono::milliseconds time, const std::filesystem::path& path,
                std::array<char, 3> letters) {
    expect(points == Points{{"a", {{1, 2.5}, {3, {}}}}, {"b", {}}});
    expect(either == Either("text"));
    expect(pair == std::tuple(7, std::string("seven")));
    expect(time == std::chrono::milliseconds(1500));
    expect(path == "/usr/share");
    expect(letters == std::array{'x', 'y', 'z'});
}

TEST_P(ProcessArguments, of_rich_types_arrive_as_they_were) {
    const Points points{{"a", {{1, 2.5}, {3, {}}}}, {"b", {}}};
    EXPECT_EQ(
        exit_code_of(Process(method(), check_rich, points, Either("text"),
                             std::tuple(7, std::string("seven")), std::chrono::milliseconds(1500),
                             std::filesystem::path("/usr/share"), std::array{'x', 'y', 'z'})),
        0);
}

void check_text(std::string text, const std::string& same) {
    expect(text == "literal" && same == "literal");
}

TEST_P(ProcessArguments, that_are_string_literals_arrive_as_strings) {
    EXPECT_EQ(exit_code_of(Process(method(), check_text, "literal", "literal")), 0);
}

TEST_P(ProcessArguments, that_are_pointers_to_characters_arrive_as_strings) {
    char text[] = "literal";
    char* const argv[] = {text, nullptr};
    EXPECT_EQ(exit_code_of(Process(method(), check_text, argv[0], static_cast<const char*>(text))),
              0);
    if (method() == StartMethod::fork) return;  // the child has the pointer itself
    const char without_zero[7] = {'l', 'i', 't', 'e', 'r', 'a', 'l'};
    EXPECT_EQ(exit_code_of(Process(method(), check_text, without_zero, text)), 0);
    EXPECT_THROW(Process(method(), check_text, argv[1], "literal"), ValueError);
}

void check_sum(const std::vector<std::uint32_t>& numbers, std::uint64_t sum) {
    expect(std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0}) == sum);
}

TEST_P(ProcessArguments, of_8_MiB_arrive_whole) {
    std::vector<std::uint32_t> numbers(2 << 20);
    std::iota(numbers.begin(), numbers.end(), 0xfff00000U);
    const auto sum = std::accumulate(numbers.begin(), numbers.end(), std::uint64_t{0});
    EXPECT_EQ(exit_code_of(Process(method(), check_sum, numbers, sum)), 0);
}

void grow(std::vector<int> numbers) {
    numbers.push_back(4);
    expect(numbers.size() == 4);
}

TEST_P(ProcessArguments, of_the_caller_are_only_read) {
    std::vector<int> numbers{1, 2, 3};
    EXPECT_EQ(exit_code_of(Process(method(), grow, numbers)), 0);
    EXPECT_EQ(numbers, (std::vector<int>{1, 2, 3}));
    EXPECT_EQ(exit_code_of(Process(method(), grow, std::move(numbers))), 0);
    EXPECT_EQ(numbers.size(), 3U) << "a moved argument goes nowhere in this process";  // NOLINT
}

struct Worker {
    std::string name;
    std::vector<int> numbers;
    void operator()(int expected) {
        numbers.push_back(10);
        expect(name == "adder" && std::accumulate(numbers.begin(), numbers.end(), 0) == expected);
    }
};

TEST_P(ProcessArguments, and_an_object_with_fields_as_callable) {
    Worker worker{"adder", {1, 2}};
    EXPECT_EQ(exit_code_of(Process(method(), worker, 13)), 0);
    EXPECT_EQ(worker.numbers.size(), 2U);
    EXPECT_EQ(exit_code_of(Process(method(), Worker{"adder", {3}}, 13)), 0);
}

TEST_P(ProcessArguments, and_a_lambda_without_captures_as_callable) {
    EXPECT_EQ(exit_code_of(Process(method(), [](int code) { throw SystemExit{code}; }, 21)), 21);
}

struct Multiply {
    void operator()(int a, int b) const { throw SystemExit{a * b}; }
};

TEST_P(ProcessArguments, and_a_functor_without_fields_as_callable) {
    EXPECT_EQ(exit_code_of(Process(method(), Multiply{}, 6, 7)), 42);
}

int twice(int number) { return 2 * number; }
void apply(int (*function)(int), int number) { throw SystemExit{function(number)}; }

TEST_P(ProcessArguments, may_be_functions) {
    EXPECT_EQ(exit_code_of(Process(method(), apply, twice, 21)), 42);
    EXPECT_EQ(exit_code_of(Process(method(), apply, &twice, 4)), 8);
}

void call_strlen(std::size_t (*function)(const char*)) {
    throw SystemExit{static_cast<int>(function("four"))};
}

TEST_P(ProcessArguments, may_be_functions_of_a_shared_library) {
    std::size_t (*function)(const char*) = std::strlen;
    EXPECT_EQ(exit_code_of(Process(method(), call_strlen, function)), 4);
}

TEST(ProcessArgumentsUnderSpawn, refuse_a_null_function_before_anything_starts) {
    int (*none)(int) = nullptr;
    EXPECT_THROW(Process(spawn, apply, none, 1), SharingError);
    EXPECT_TRUE(active_children().empty());
}

TEST(ProcessArgumentsUnderFork, may_be_anything) {
    PROCESSION_NEEDS_FORK();
    int number = 5;
    auto only = std::make_unique<int>(3);
    EXPECT_EQ(
        exit_code_of(Process(
            fork, [&number](std::unique_ptr<int> three) { throw SystemExit{number + *three}; },
            std::move(only))),
        8);
    const std::function<void()> any = [&] { throw SystemExit{number}; };
    EXPECT_EQ(exit_code_of(Process(fork, any)), 5);
    EXPECT_EQ(exit_code_of(Process(
                  fork, [](const int* pointer) { throw SystemExit{*pointer}; }, &number)),
              5);
}

TEST(ProcessArgumentsUnderFork, are_the_callers_objects_in_a_copy_of_its_memory) {
    PROCESSION_NEEDS_FORK();
    int number = 5;
    Process child(fork, [&] { throw SystemExit{++number}; });
    child.join();
    EXPECT_EQ(child.exit_code(), 6);
    EXPECT_EQ(number, 5);
}

struct Unencodable {};

}  // namespace
}  // namespace procession::testing

using procession::testing::Unencodable;

namespace procession {

template <>
struct Codec<Unencodable> {
    static constexpr std::string_view signature = "Unencodable";
    static void encode(Writer&, const Unencodable&) {
        throw EncodeError("encode", "Unencodable", "it never can be");
    }
    static Unencodable decode(Reader&) { return {}; }
};

}  // namespace procession

namespace procession::testing {
namespace {

struct HoldsUnencodable {
    int number = 0;
    Unencodable part;
    void operator()() {}
};

TEST(ProcessArgumentsUnderSpawn, that_cannot_be_encoded_are_an_error_of_the_constructor) {
    EXPECT_THROW(Process(spawn, HoldsUnencodable{}), EncodeError);
    EXPECT_TRUE(active_children().empty());
}

}  // namespace
}  // namespace procession::testing
