// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Plain structs, taken apart without any help from their author.

#include <gtest/gtest.h>

#include <climits>
#include <cstring>
#include <map>
#include <variant>

#include "procession/codec.h"
#include "procession/handle.h"

namespace procession {

using namespace detail;
namespace {

template <class T>
T through_a_message(const T& value) {
    Writer scratch;
    Format format{};
    const auto bytes = encode_message(value, scratch, format);
    return decode_message<T>(format, bytes);
}

struct Nothing {
    friend bool operator==(const Nothing&, const Nothing&) = default;
};

struct Point {
    std::int32_t x;
    double y;
    friend bool operator==(const Point&, const Point&) = default;
};

struct Job {
    std::uint64_t id = 17;
    std::string path;
    std::vector<double> weights{1, 2};
    std::map<std::string, int> counts;
    std::optional<int> limit;
    Point point{};
    std::vector<Point> points;
    Nothing nothing;
    bool urgent = false;
    friend bool operator==(const Job&, const Job&) = default;
};

struct Arrays {
    std::string before;
    int numbers[3];
    char name[32];
    std::string words[2];
    int grid[2][2];
    std::optional<int> after;
    friend bool operator==(const Arrays&, const Arrays&) = default;
};

struct Node {
    int value;
    std::vector<Node> children;
    friend bool operator==(const Node&, const Node&) = default;
};

struct Link {
    int value;
    std::unique_ptr<Link> next;
};

struct OnlyOptional {
    std::optional<std::string> text;
};

struct NoDefault {
    explicit NoDefault(int number) : number_(number) {}
    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

struct HoldsNoDefault {
    std::string name;
    const int constant;
    NoDefault last;
};

struct Explicit {
    explicit Explicit(int number = 4) : value(number) {}
    int value;
};

}  // namespace

template <>
inline constexpr bool is_raw_bytes<NoDefault> = true;
template <>
inline constexpr bool is_raw_bytes<Explicit> = true;

namespace {

struct HoldsExplicit {
    Explicit first = Explicit(1);
    std::string second;
};

struct Owner {
    std::unique_ptr<int> first;
    Nothing second;
    std::shared_ptr<std::string> third;
    std::variant<int, std::string> fourth;
    std::tuple<int, std::optional<int>> fifth;
    std::chrono::milliseconds sixth;
};

struct Wide {
    int a01, a02, a03, a04, a05, a06, a07, a08, a09, a10, a11, a12, a13, a14, a15, a16;
    int a17, a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31;
    std::string a32;
};

TEST(CodecStruct, an_aggregate_of_strings_and_containers_comes_back_equal) {
    const Job job{1, "/a/b", {1.5, 2.5}, {{"x", 1}}, 7, {1, 2.0}, {{3, 4.0}, {5, 6.0}}, {}, true};
    EXPECT_EQ(through_a_message(job), job);
    EXPECT_EQ(through_a_message(std::vector<Job>{job, Job{}}), (std::vector<Job>{job, Job{}}));
    EXPECT_EQ(through_a_message(std::optional(job)), job);
}

TEST(CodecStruct, the_fields_are_an_array_that_python_can_read) {
    Writer writer;
    encode(writer, Node{1, {{2, {}}}});
    const unsigned char expected[] = {0x92, 0x01, 0x91, 0x92, 0x02, 0x90};
    ASSERT_EQ(writer.bytes().size(), sizeof(expected));
    EXPECT_EQ(std::memcmp(writer.bytes().data(), expected, sizeof(expected)), 0);
}

TEST(CodecStruct, array_fields_come_back_equal) {
    Arrays arrays{"b", {1, 2, 3}, "a name", {"x", "y"}, {{1, 2}, {3, 4}}, 9};
    EXPECT_EQ(through_a_message(arrays), arrays);
    EXPECT_EQ(codec::field_count<Arrays>, 6U);
}

TEST(CodecStruct, recursive_types_come_back_equal) {
    const Node tree{1, {{2, {{3, {}}}}, {4, {}}}};
    EXPECT_EQ(through_a_message(tree), tree);
    Link chain{1, std::make_unique<Link>(Link{2, nullptr})};
    const Link found = through_a_message(chain);
    ASSERT_NE(found.next, nullptr);
    EXPECT_EQ(found.next->value, 2);
    EXPECT_EQ(found.next->next, nullptr);
}

TEST(CodecStruct, fields_are_counted_whatever_they_are) {
    EXPECT_EQ(codec::field_count<Nothing>, 0U);
    EXPECT_EQ(codec::field_count<OnlyOptional>, 1U);
    EXPECT_EQ(codec::field_count<Point>, 2U);
    EXPECT_EQ(codec::field_count<Job>, 9U);
    EXPECT_EQ(codec::field_count<HoldsNoDefault>, 3U);
    EXPECT_EQ(codec::field_count<HoldsExplicit>, 2U);
    EXPECT_EQ(codec::field_count<Owner>, 6U);
    EXPECT_EQ(codec::field_count<Wide>, 32U);
}

TEST(CodecStruct, fields_without_default_constructors_and_const_fields_come_back) {
    const auto found = through_a_message(HoldsNoDefault{"n", 5, NoDefault(6)});
    EXPECT_EQ(found.name, "n");
    EXPECT_EQ(found.constant, 5);
    EXPECT_EQ(found.last.number(), 6);
}

TEST(CodecStruct, fields_that_can_only_be_moved_come_back) {
    const Owner owner{
        std::make_unique<int>(1),    {}, std::make_shared<std::string>("s"), "v", {1, 2},
        std::chrono::milliseconds(3)};
    const Owner found = through_a_message(owner);
    EXPECT_EQ(*found.first, 1);
    EXPECT_EQ(*found.third, "s");
    EXPECT_EQ(found.fourth, owner.fourth);
    EXPECT_EQ(found.fifth, owner.fifth);
    EXPECT_EQ(found.sixth, owner.sixth);
}

TEST(CodecStruct, thirty_two_fields_are_not_too_many) {
    Wide wide{};
    wide.a31 = 31;
    wide.a32 = "last";
    const Wide found = through_a_message(wide);
    EXPECT_EQ(found.a31, 31);
    EXPECT_EQ(found.a32, "last");
}

TEST(CodecStruct, another_number_of_fields_is_refused) {
    Writer writer;
    encode(writer, std::tuple<int, int>(1, 2));
    Reader reader(writer.bytes());
    EXPECT_THROW((void)decode<OnlyOptional>(reader), DecodeError);
}

TEST(CodecStruct, a_local_struct_crosses_too) {
    struct Local {
        std::string text;
    };
    EXPECT_EQ(through_a_message(Local{"here"}).text, "here");
}

struct Numbered {
    int id = 0;
    friend bool operator==(const Numbered&, const Numbered&) = default;
};

/// With a base class, private members, an array, and itself inside.
class Order : public Numbered {
  public:
    Order() = default;
    Order(int number, std::string name, std::vector<Order> parts)
        : Numbered{number}, name_(std::move(name)), numbers_{number, 2}, parts_(std::move(parts)) {}
    void use_cache() { cache_ = 1; }
    [[nodiscard]] int cache() const { return cache_; }
    friend bool operator==(const Order&, const Order&) = default;
    PROCESSION_FIELDS(Order, PROCESSION_BASE(Numbered), name_, numbers_, parts_)

  private:
    std::string name_;
    int numbers_[2] = {};
    std::vector<Order> parts_;
    int cache_ = 0;
};

struct OrderAsStruct {
    Numbered base;
    std::string name;
    int numbers[2];
    std::vector<OrderAsStruct> parts;
};

TEST(CodecStruct, a_class_that_lists_its_fields_crosses_like_a_struct_of_them) {
    const Order order(1, "whole", {Order(2, "part", {}), Order(3, "other", {})});
    EXPECT_EQ(through_a_message(order), order);
    EXPECT_EQ(type_signature<Order>(), type_signature<OrderAsStruct>());
    EXPECT_EQ(format_of<Order>, Format::msgpack);
    Order cached = order;
    cached.use_cache();
    EXPECT_EQ(through_a_message(cached).cache(), 0) << "not listed";
}

class ListsNothing : public Order {};
class HoldsAPointer {
  public:
    PROCESSION_FIELDS(HoldsAPointer, pointer_)

  private:
    int* pointer_ = nullptr;
};

TEST(CodecStruct, a_list_of_fields_holds_for_its_own_class_only_and_is_checked) {
    static_assert(Passable<Order>);
    static_assert(!Passable<ListsNothing>, "it may have fields of its own");
    static_assert(!Passable<HoldsAPointer>);
}

struct OwnsMany {
    std::vector<std::unique_ptr<int>> numbers;
    std::vector<std::vector<Handle>> handles;
    int last = 0;
};

TEST(CodecStruct, fields_may_be_containers_of_what_is_only_moved) {
    static_assert(detail::codec::field_count<OwnsMany> == 3);
    OwnsMany owner;
    owner.numbers.push_back(std::make_unique<int>(4));
    owner.last = 5;
    Writer writer;
    encode(writer, owner);
    Reader reader(writer.bytes());
    const OwnsMany found = decode<OwnsMany>(reader);
    EXPECT_EQ(*found.numbers.at(0), 4);
    EXPECT_EQ(found.last, 5);
}

}  // namespace
}  // namespace procession
