// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// Whole messages: formats, raw types, user codecs, signatures and stamps.

#include <gtest/gtest.h>

#include <complex>
#include <cstring>
#include <map>
#include <variant>

#include "procession/codec.h"

namespace codeclib {

class Celsius {
  public:
    explicit Celsius(double degrees) : degrees_(degrees) {}
    [[nodiscard]] double degrees() const { return degrees_; }

  private:
    double degrees_;
};

class Name {
  public:
    explicit Name(std::string text) : text_(std::move(text)) {}
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

class Opaque {
  public:
    explicit Opaque(int number) : number_(number) {}
    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

struct Handle {
    int number = 0;
};

/// Holds its own kind, through its own codec.
class Folder {
  public:
    explicit Folder(std::vector<Folder> folders = {}) : folders_(std::move(folders)) {}
    [[nodiscard]] const std::vector<Folder>& folders() const { return folders_; }

  private:
    std::vector<Folder> folders_;
};

}  // namespace codeclib

template <>
inline constexpr bool procession::is_raw_bytes<codeclib::Opaque> = true;

// Trivially copyable, and yet its own codec wins.
template <>
struct procession::Codec<codeclib::Celsius> {
    static constexpr std::string_view signature = "codeclib::Celsius";
    static void encode(Writer& writer, const codeclib::Celsius& value) {
        writer.real(value.degrees());
    }
    static codeclib::Celsius decode(Reader& reader) {
        return codeclib::Celsius(reader.real<double>());
    }
};

template <>
struct procession::Codec<codeclib::Name> {
    static constexpr std::string_view signature = "codeclib::Name";
    static void encode(Writer& writer, const codeclib::Name& value) {
        procession::encode(writer, value.text());
    }
    static codeclib::Name decode(Reader& reader) {
        auto text = procession::decode<std::string>(reader);
        if (text.empty()) reader.fail("a Name is not empty");
        return codeclib::Name(std::move(text));
    }
};

template <>
struct procession::Codec<codeclib::Handle> {
    static constexpr bool is_procession_object = true;
    static std::string signature() { return "handle"; }
    static void encode(Writer& writer, const codeclib::Handle& value) {
        writer.integer(value.number);
    }
    static codeclib::Handle decode(Reader& reader) { return {reader.integer<int>()}; }
};

template <>
struct procession::Codec<codeclib::Folder> {
    static constexpr std::string_view signature = "codeclib::Folder";
    static void encode(Writer& writer, const codeclib::Folder& value) {
        procession::encode(writer, value.folders());
    }
    static codeclib::Folder decode(Reader& reader) {
        return codeclib::Folder(procession::decode<std::vector<codeclib::Folder>>(reader));
    }
};

namespace procession {
namespace {

template <class T>
T through_a_message(const T& value) {
    Writer scratch;
    Format format{};
    const auto bytes = encode_message(value, scratch, format);
    return decode_message<T>(format, bytes);
}

struct Pod {
    std::uint32_t a;
    double b;
};

struct Flags {
    std::uint16_t number;
    bool on;
    bool more[2];
    std::array<Pod, 2> pods;
};

struct Bits {
    unsigned low : 3;
    unsigned high : 5;
};

struct WithOptional {
    std::optional<int> maybe;
};

struct WithCelsius {
    codeclib::Celsius temperature;
};

struct Family {
    std::string name;
    std::vector<Family> children;
    std::map<int, codeclib::Handle> handles;
};

struct Childless {
    std::string name;
    std::vector<Childless> none;
};

struct Node {
    int value;
    std::vector<Node> children;
};

static_assert(Passable<int> && Passable<Family> && Passable<const std::string>);
static_assert(!Passable<int*> && !Passable<std::string_view> && !Passable<int&>);
static_assert(!Passable<std::vector<int*>> && !Passable<void> && !Passable<std::nullptr_t>);
static_assert(!Passable<std::error_code> && !Passable<std::unique_ptr<int[]>>);
static_assert(holds_procession_object<codeclib::Handle> && holds_procession_object<Family>);
static_assert(holds_procession_object<std::vector<std::optional<codeclib::Handle>>>);
static_assert(!holds_procession_object<Childless> && !holds_procession_object<codeclib::Name>);

static_assert(format_of<Pod> == Format::raw && format_of<Flags> == Format::raw);
static_assert(format_of<std::array<Pod, 3>> == Format::raw && format_of<double> == Format::raw);
static_assert(format_of<std::optional<int>> == Format::msgpack);
static_assert(format_of<WithOptional> == Format::msgpack);
static_assert(format_of<WithCelsius> == Format::msgpack);
static_assert(format_of<codeclib::Celsius> == Format::user);
static_assert(format_of<codeclib::Handle> == Format::msgpack);
static_assert(format_of<codeclib::Opaque> == Format::raw);
static_assert(format_of<std::string> == Format::msgpack);

TEST(CodecMessage, a_raw_message_is_the_object_itself_without_a_copy) {
    const Pod pod{1, 2.5};
    Writer scratch;
    Format format{};
    const auto bytes = encode_message(pod, scratch, format);
    EXPECT_EQ(static_cast<const void*>(bytes.data()), &pod);
    EXPECT_EQ(bytes.size(), sizeof(Pod));
    EXPECT_EQ(decode_message<Pod>(format, bytes).b, 2.5);
}

TEST(CodecMessage, raw_bytes_are_taken_at_any_alignment) {
    alignas(8) std::byte memory[sizeof(Pod) + 1];
    const Pod pod{7, 2.5};
    std::memcpy(memory + 1, &pod, sizeof(pod));
    const std::span bytes(memory + 1, sizeof(Pod));
    EXPECT_EQ(decode_message<Pod>(Format::raw, bytes).a, 7U);
}

TEST(CodecMessage, raw_bytes_of_another_size_are_refused) {
    const std::byte bytes[sizeof(Pod) + 1] = {};
    EXPECT_THROW((void)decode_message<Pod>(Format::raw, bytes), DecodeError);
    EXPECT_THROW((void)decode_message<Pod>(Format::raw, std::span(bytes, sizeof(Pod) - 1)),
                 DecodeError);
    EXPECT_THROW((void)decode_message<Pod>(Format::raw, {}), DecodeError);
}

TEST(CodecMessage, a_raw_bool_that_is_neither_0_nor_1_is_refused_wherever_it_is) {
    std::byte bytes[sizeof(Flags)] = {};
    EXPECT_NO_THROW((void)decode_message<Flags>(Format::raw, bytes));
    for (const std::size_t at : {offsetof(Flags, on), offsetof(Flags, more) + 1}) {
        bytes[at] = std::byte{2};
        EXPECT_THROW((void)decode_message<Flags>(Format::raw, bytes), DecodeError);
        bytes[at] = std::byte{1};
        EXPECT_NO_THROW((void)decode_message<Flags>(Format::raw, bytes));
    }
    const std::byte two[] = {std::byte{2}};
    EXPECT_THROW((void)decode_message<bool>(Format::raw, two), DecodeError);
}

TEST(CodecMessage, bit_fields_cross_as_raw_bytes) {
    const Bits found = through_a_message(Bits{5, 17});
    EXPECT_EQ(found.low, 5U);
    EXPECT_EQ(found.high, 17U);
}

TEST(CodecMessage, a_class_that_is_raw_bytes_crosses_alone_and_inside) {
    EXPECT_EQ(through_a_message(codeclib::Opaque(4)).number(), 4);
    const std::vector<codeclib::Opaque> many{codeclib::Opaque(1), codeclib::Opaque(2)};
    EXPECT_EQ(through_a_message(many)[1].number(), 2);
}

TEST(CodecMessage, a_users_codec_wins_over_everything) {
    EXPECT_EQ(through_a_message(codeclib::Celsius(20)).degrees(), 20);
    EXPECT_EQ(through_a_message(WithCelsius{codeclib::Celsius(30)}).temperature.degrees(), 30);
    EXPECT_EQ(through_a_message(codeclib::Name("n")).text(), "n");
    const auto maybe = through_a_message(std::optional<codeclib::Name>(codeclib::Name("m")));
    EXPECT_EQ(maybe.value().text(), "m");
    EXPECT_EQ(through_a_message(std::vector(2, codeclib::Name("v")))[1].text(), "v");
}

TEST(CodecMessage, a_users_codec_may_be_recursive_and_is_bounded_all_the_same) {
    const codeclib::Folder inner(std::vector<codeclib::Folder>(1));
    const codeclib::Folder folder(std::vector<codeclib::Folder>{codeclib::Folder(), inner});
    const auto found = through_a_message(folder);
    ASSERT_EQ(found.folders().size(), 2U);
    EXPECT_EQ(found.folders()[1].folders().size(), 1U);
    const std::vector<std::byte> deep(100000, std::byte{0x91});
    EXPECT_THROW((void)decode_message<codeclib::Folder>(Format::user, deep), DecodeError);
}

TEST(CodecMessage, a_users_refusal_is_a_decode_error_with_its_signature) {
    Writer writer;
    writer.string("");
    try {
        (void)decode_message<codeclib::Name>(Format::user, writer.bytes());
        FAIL();
    } catch (const DecodeError& error) {
        EXPECT_EQ(error.object(), "user:codeclib::Name");
        EXPECT_NE(std::string(error.what()).find("a Name is not empty"), std::string::npos);
    }
}

TEST(CodecMessage, other_formats_are_refused_and_python_ones_by_name) {
    const auto refusal = [](Format format) {
        try {
            (void)decode_message<std::string>(format, {});
        } catch (const DecodeError& error) {
            return std::string(error.what());
        }
        return std::string("(accepted)");
    };
    EXPECT_NE(refusal(Format::pickle).find("Python pickle"), std::string::npos);
    EXPECT_NE(refusal(Format::buffer).find("Python buffer"), std::string::npos);
    EXPECT_NE(refusal(Format::raw).find("format 0"), std::string::npos);
    EXPECT_NE(refusal(static_cast<Format>(77)).find("format 77"), std::string::npos);
}

TEST(CodecMessage, bytes_left_over_are_refused) {
    Writer writer;
    encode(writer, std::string("a"));
    writer.nil();
    EXPECT_THROW((void)decode_message<std::string>(Format::msgpack, writer.bytes()), DecodeError);
}

TEST(CodecMessage, scratch_is_cleared_before_each_message) {
    Writer scratch;
    Format format{};
    (void)encode_message(std::string("first"), scratch, format);
    const auto bytes = encode_message(std::string("b"), scratch, format);
    EXPECT_EQ(bytes.size(), 2U);
}

TEST(CodecMessage, signatures_say_what_is_on_the_wire) {
    EXPECT_EQ(type_signature<std::uint64_t>(), "raw:u64");
    EXPECT_EQ(type_signature<Pod>(), "raw:{u32,f64}#16");
    EXPECT_EQ((type_signature<std::array<Pod, 3>>()), "raw:{u32,f64}#16[3]");
    EXPECT_EQ(type_signature<Flags>(), "raw:{u16,bool,bool[2],{u32,f64}#16[2]}#40");
    EXPECT_EQ(type_signature<std::string>(), "str");
    EXPECT_EQ(
        (type_signature<
            std::tuple<std::string, std::uint64_t, std::vector<double>, std::optional<int>>>()),
        "[str,u64,vec<f64>,opt<i32>]");
    EXPECT_EQ(type_signature<codeclib::Name>(), "user:codeclib::Name");
    EXPECT_EQ(type_signature<std::vector<codeclib::Name>>(), "vec<user:codeclib::Name>");
    EXPECT_EQ(type_signature<codeclib::Opaque>(), "raw:codeclib::Opaque#4");
    EXPECT_EQ(type_signature<codeclib::Handle>(), "handle");
    EXPECT_EQ((type_signature<std::map<std::string, std::vector<std::byte>>>()), "map<str,bin>");
    EXPECT_EQ((type_signature<std::variant<int, std::monostate>>()), "var<i32,nil>");
    EXPECT_EQ(&type_signature<Pod>(), &type_signature<Pod>());
}

TEST(CodecMessage, a_recursive_signature_ends) {
    EXPECT_EQ(type_signature<Node>(), "[i32,vec<rec1>]");
    EXPECT_EQ(type_signature<Family>(), "[str,vec<rec1>,map<i32,handle>]");
}

TEST(CodecMessage, stamps_differ_where_types_differ) {
    EXPECT_EQ(type_stamp<int>(), type_stamp<int>());
    EXPECT_NE(type_stamp<int>().hash, type_stamp<unsigned>().hash);
    EXPECT_NE(type_stamp<std::vector<int>>(), type_stamp<std::vector<long>>());
    EXPECT_EQ(type_stamp<codeclib::Name>().format, Format::user);
    // FNV-1a of the empty text after one byte of format 0.
    EXPECT_EQ(stamp_hash(Format::raw, ""), 0xaf63bd4c8601b7dfU);
}

}  // namespace
}  // namespace procession
