// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Each supported type crosses and comes back equal.

#include <gtest/gtest.h>

#include <bitset>
#include <complex>
#include <deque>
#include <filesystem>
#include <forward_list>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory_resource>
#include <set>
#include <unordered_map>
#include <unordered_set>
#include <variant>

#include "procession/codec.h"

namespace procession {
namespace {

/// As a whole message and as an element of a container.
template <class T>
T through_a_message(const T& value) {
    Writer scratch;
    Format format{};
    const auto bytes = encode_message(value, scratch, format);
    EXPECT_EQ(format, format_of<T>);
    return decode_message<T>(format, bytes);
}

template <class T>
void crosses(const T& value) {
    EXPECT_TRUE(through_a_message(value) == value) << type_signature<T>();
    Writer writer;
    encode(writer, value);
    Reader reader(writer.bytes());
    EXPECT_TRUE(decode<T>(reader) == value) << type_signature<T>();
    EXPECT_TRUE(reader.at_end());
}

template <class T>
void limits_cross() {
    crosses(std::numeric_limits<T>::min());
    crosses(std::numeric_limits<T>::max());
    crosses(std::numeric_limits<T>::lowest());
    crosses(T{});
}

enum class Colour : std::uint8_t { red, green };
enum class Yes : bool { no, yes };
enum Old { first, second = 70000 };

TEST(CodecTypes, every_number_crosses_at_its_limits) {
    limits_cross<bool>();
    limits_cross<char>();
    limits_cross<signed char>();
    limits_cross<unsigned char>();
    limits_cross<char8_t>();
    limits_cross<char16_t>();
    limits_cross<char32_t>();
    limits_cross<wchar_t>();
    limits_cross<short>();
    limits_cross<unsigned short>();
    limits_cross<int>();
    limits_cross<unsigned>();
    limits_cross<long>();
    limits_cross<unsigned long>();
    limits_cross<long long>();
    limits_cross<unsigned long long>();
    limits_cross<float>();
    limits_cross<double>();
    limits_cross<long double>();
    crosses(1.0L / 3);
    crosses(-std::numeric_limits<double>::infinity());
    crosses(std::numeric_limits<double>::denorm_min());
}

TEST(CodecTypes, enumerations_cross_as_their_numbers) {
    crosses(Colour::green);
    crosses(Yes::yes);
    crosses(second);
    crosses(std::byte{200});
    crosses(std::vector<Colour>{Colour::red, Colour::green});
}

TEST(CodecTypes, strings_and_bytes_cross) {
    crosses(std::string());
    crosses(std::string("\0\xff\x80 any bytes", 13));
    crosses(std::string(100000, 'x'));
    crosses(std::u8string(u8"Grüße"));
    crosses(std::u16string(u"Grüße"));
    crosses(std::wstring(L"Grüße"));
    crosses(std::pmr::string("pmr"));
    crosses(std::vector<std::byte>{std::byte{0}, std::byte{255}});
    crosses(std::vector<unsigned char>{0, 255});
    crosses(std::vector<char>{'a', 'b'});
    crosses(std::vector<std::byte>{});
    crosses(std::filesystem::path("/tmp/\xff not UTF-8"));
}

TEST(CodecTypes, sequences_cross) {
    crosses(std::vector<int>{1, -2, 300000});
    crosses(std::vector<bool>{true, false, true});
    crosses(std::vector<std::string>{"a", "", "ccc"});
    crosses(std::vector<std::vector<double>>{{1, 2}, {}, {3}});
    crosses(std::vector<std::uint64_t>(70000, 7));
    crosses(std::deque<int>{1, 2, 3});
    crosses(std::list<std::string>{"x", "y"});
    crosses(std::forward_list<int>{3, 2, 1});
    crosses(std::array<int, 3>{1, 2, 3});
    crosses(std::array<std::string, 2>{"a", "b"});
    crosses(std::array<std::byte, 2>{std::byte{1}, std::byte{2}});
    crosses(std::array<std::string, 0>{});
}

TEST(CodecTypes, sets_and_maps_cross) {
    crosses(std::set<int>{3, 1, 2});
    crosses(std::set<int, std::greater<>>{3, 1, 2});
    crosses(std::multiset<int>{1, 1, 2});
    crosses(std::unordered_set<std::string>{"a", "b"});
    crosses(std::unordered_multiset<int>{1, 1});
    crosses(std::map<std::string, int>{{"a", 1}, {"b", 2}});
    crosses(std::multimap<int, int>{{1, 1}, {1, 2}});
    crosses(std::unordered_map<int, std::vector<int>>{{1, {1}}, {2, {}}});
    crosses(std::unordered_multimap<int, int>{{1, 1}, {1, 1}});
    crosses(std::map<std::pair<int, int>, std::set<std::string>>{{{1, 2}, {"x"}}});
}

TEST(CodecTypes, products_and_sums_cross) {
    crosses(std::pair<int, std::string>{1, "a"});
    crosses(std::tuple<>{});
    crosses(std::tuple<int, std::string, bool>{1, "a", true});
    crosses(std::optional<int>{});
    crosses(std::optional<int>{4});
    crosses(std::optional<std::string>{"x"});
    crosses(std::optional<std::optional<std::optional<int>>>{std::optional<std::optional<int>>{}});
    crosses(std::variant<int, std::string>{7});
    crosses(std::variant<int, std::string>{"seven"});
    crosses(std::variant<std::monostate, int, int>{std::in_place_index<2>, 7});
    crosses(std::monostate{});
    crosses(std::optional<std::monostate>{std::monostate{}});
}

TEST(CodecTypes, a_variant_index_that_does_not_exist_is_refused) {
    Writer writer;
    writer.array(2);
    writer.integer(2);
    writer.integer(2);
    Reader reader(writer.bytes());
    EXPECT_THROW((void)(decode<std::variant<int, std::string>>(reader)), DecodeError);
}

TEST(CodecTypes, times_cross) {
    using namespace std::chrono_literals;
    crosses(5s);
    crosses(std::chrono::duration<double>(0.25));
    crosses(std::chrono::duration<std::int32_t, std::ratio<1, 60>>(-7));
    crosses(std::chrono::system_clock::now());
    crosses(std::chrono::steady_clock::now());
    crosses(std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now()));
    crosses(std::chrono::year_month_day(2026y / 2 / 28));
    crosses(std::vector<std::chrono::milliseconds>{1ms, -2ms});
}

TEST(CodecTypes, other_numbers_cross) {
    crosses(std::complex<double>(1, -2));
    crosses(std::vector<std::complex<float>>{{1, 2}, {3, 4}});
    crosses(std::bitset<0>{});
    crosses(std::bitset<13>(0x1555));
    crosses(std::bitset<200>().set(199).set(3));
}

/// A container of the program's own, with a private member.
template <class T>
class Ring {
  public:
    using value_type = T;
    [[nodiscard]] auto begin() const { return items_.begin(); }
    [[nodiscard]] auto end() const { return items_.end(); }
    [[nodiscard]] std::size_t size() const { return items_.size(); }
    void push_back(T item) { items_.push_back(std::move(item)); }
    friend bool operator==(const Ring&, const Ring&) = default;

  private:
    std::deque<T> items_;
};

}  // namespace

template <class T>
inline constexpr bool is_container<Ring<T>> = true;

namespace {

TEST(CodecTypes, a_container_of_the_program_crosses_when_it_says_that_it_is_one) {
    static_assert(Passable<Ring<int>>);
    Ring<std::string> ring;
    ring.push_back("a");
    ring.push_back("b");
    crosses(ring);
    EXPECT_EQ(type_signature<Ring<std::string>>(), type_signature<std::vector<std::string>>());
}

TEST(CodecTypes, a_bitset_refuses_bits_beyond_its_last) {
    Writer writer;
    const std::byte bytes[] = {std::byte{0x10}};
    writer.binary(bytes);
    Reader reader(writer.bytes());
    EXPECT_THROW((void)decode<std::bitset<4>>(reader), DecodeError);
}

TEST(CodecTypes, pointers_that_own_cross_with_what_they_own) {
    EXPECT_EQ(*through_a_message(std::make_unique<int>(5)), 5);
    EXPECT_EQ(through_a_message(std::unique_ptr<std::string>{}), nullptr);
    EXPECT_EQ(*through_a_message(std::make_shared<std::string>("x")), "x");
    const auto nested = through_a_message(std::make_unique<std::unique_ptr<int>>());
    ASSERT_NE(nested, nullptr);
    EXPECT_EQ(*nested, nullptr);
    std::vector<std::unique_ptr<int>> many;
    many.push_back(std::make_unique<int>(1));
    many.push_back(nullptr);
    const auto found = through_a_message(many);
    ASSERT_EQ(found.size(), 2U);
    EXPECT_EQ(*found[0], 1);
    EXPECT_EQ(found[1], nullptr);
}

}  // namespace
}  // namespace procession
