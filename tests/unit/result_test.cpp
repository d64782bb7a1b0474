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
