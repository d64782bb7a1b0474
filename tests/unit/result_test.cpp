// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/result.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace procession {
namespace {

enum class GetError { empty, shut_down };

TEST(Result, a_value_is_held_and_given_back) {
    const Result<std::string, GetError> result("seven");
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result.value(), "seven");
    EXPECT_EQ(*result, "seven");
    EXPECT_EQ(result->size(), 5U);
}

TEST(Result, an_error_is_held_and_given_back) {
    const Result<int, GetError> result(GetError::shut_down);
    EXPECT_FALSE(result.has_value());
    EXPECT_FALSE(static_cast<bool>(result));
    EXPECT_EQ(result.error(), GetError::shut_down);
}

TEST(Result, a_result_without_a_type_is_success_by_default) {
    const Result<void, GetError> success;
    const Result<void, GetError> failure(GetError::empty);
    EXPECT_TRUE(success.has_value());
    EXPECT_EQ(failure.error(), GetError::empty);
}

TEST(Result, a_move_only_value_is_moved_out) {
    Result<std::unique_ptr<int>, GetError> result(std::make_unique<int>(7));
    const std::unique_ptr<int> taken = std::move(result).value();
    ASSERT_NE(taken, nullptr);
    EXPECT_EQ(*taken, 7);
}

TEST(Result, the_value_can_be_changed_in_place) {
    Result<int, GetError> result(1);
    *result = 2;
    result.value() += 3;
    EXPECT_EQ(*result, 5);
}

TEST(Result, value_or_is_the_value_or_what_is_given) {
    const Result<std::string, GetError> none(GetError::empty);
    EXPECT_EQ(none.value_or("nothing"), "nothing");
    Result<std::unique_ptr<int>, GetError> some(std::make_unique<int>(3));
    EXPECT_EQ(*std::move(some).value_or(nullptr), 3);
}

TEST(Result, transform_changes_the_value_and_keeps_the_error) {
    const auto length = [](const std::string& text) { return text.size(); };
    const Result<std::string, GetError> seven("seven");
    EXPECT_TRUE(seven.transform(length) == 5U);
    const Result<std::string, GetError> none(GetError::shut_down);
    EXPECT_TRUE(none.transform(length) == GetError::shut_down);
    Result<std::unique_ptr<int>, GetError> owned(std::make_unique<int>(4));
    const auto taken =
        std::move(owned).transform([](std::unique_ptr<int> pointer) { return *pointer; });
    EXPECT_TRUE(taken == 4);
    const Result<void, GetError> done;
    EXPECT_TRUE(done.transform([] { return 1; }) == 1);
    int calls = 0;
    const Result<void, GetError> counted = seven.transform([&](const std::string&) { ++calls; });
    EXPECT_TRUE(counted.has_value());
    EXPECT_EQ(calls, 1);
}

TEST(Result, and_then_goes_on_until_the_first_error) {
    const auto half = [](int number) -> Result<int, GetError> {
        if (number % 2 != 0) return GetError::empty;
        return number / 2;
    };
    const Result<int, GetError> twelve(12);
    EXPECT_TRUE(twelve.and_then(half).and_then(half) == 3);
    EXPECT_TRUE(twelve.and_then(half).and_then(half).and_then(half).and_then(half) ==
                GetError::empty);
}

TEST(Result, equals_what_has_the_same_value_or_error) {
    using Number = Result<int, GetError>;
    EXPECT_TRUE(Number(1) == Number(1));
    EXPECT_FALSE(Number(1) == Number(2));
    EXPECT_FALSE(Number(0) == Number(GetError{})) << "a value is no error";
    EXPECT_TRUE(Number(GetError::empty) == Number(GetError::empty));
    EXPECT_FALSE(Number(1) == GetError{});
    EXPECT_TRUE((Result<void, GetError>() == Result<void, GetError>()));
}

#ifdef __cpp_lib_expected
TEST(Result, converts_to_expected) {
    const std::expected<int, GetError> some = Result<int, GetError>(1);
    EXPECT_EQ(some, 1);
    const std::expected<void, GetError> none = Result<void, GetError>(GetError::empty);
    EXPECT_EQ(none.error(), GetError::empty);
}
#endif

TEST(ResultDeathTest, asking_an_error_for_its_value_aborts_with_the_reason) {
    const Result<int, GetError> result(GetError::empty);
    EXPECT_DEATH(static_cast<void>(result.value()), "value\\(\\) of a Result that holds an error");
}

TEST(ResultDeathTest, asking_a_value_for_its_error_aborts_with_the_reason) {
    const Result<int, GetError> result(1);
    EXPECT_DEATH(static_cast<void>(result.error()), "error\\(\\) of a Result that holds a value");
}

}  // namespace
}  // namespace procession
