// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <array>
#include <functional>

#include "support/queue_helpers.h"

// Bytes that are no element, and values that are no bytes (P1, P10).

namespace procession::testing {

/// A user's type whose encoding may fail.
struct Touchy {
    int number = 0;
};

}  // namespace procession::testing

template <>
struct procession::Codec<procession::testing::Touchy> {
    static constexpr std::string_view signature = "Touchy";
    static void encode(Writer& writer, const testing::Touchy& value) {
        if (value.number < 0) throw EncodeError("encode", "Touchy", "it is negative");
        if (value.number == 99) throw std::logic_error("an error of the user's own");
        writer.integer(value.number);
    }
    static testing::Touchy decode(Reader& reader) {
        const int number = reader.integer<int>();
        if (number == 13) reader.fail("13 is unlucky");
        if (number == 14) throw std::logic_error("14 is an error of the user's own");
        return {number};
    }
};

namespace procession::testing {
namespace {

using Bytes = std::vector<std::byte>;

struct Flag {
    bool is_up = false;
};

Bytes bytes(std::initializer_list<int> values) {
    Bytes made;
    for (const int each : values) made.push_back(static_cast<std::byte>(each));
    return made;
}

template <class Queue>
void put_bytes(const Queue& queue, Format format, const Bytes& content) {
    ASSERT_TRUE(queue.bytes().try_put({format, content}, Deadline::now()).has_value());
}

/// A get of the bytes throws DecodeError; they are kept; the next item comes; nothing hangs.
template <class Queue>
void expect_kept(const Queue& queue, Format format, const Bytes& content,
                 const typename Queue::value_type& good) {
    put_bytes(queue, format, content);
    queue.put(good);
    const auto why = message_of<DecodeError>([&] { (void)queue.get(Deadline::now()); });
    EXPECT_FALSE(why.empty());
    EXPECT_EQ(queue.qsize(), 1U);
    (void)take(queue, Deadline::now());
    const auto letters = queue.take_dead_letters();
    ASSERT_EQ(letters.size(), 1U);
    EXPECT_EQ(letters[0].format, format);
    EXPECT_EQ(letters[0].bytes, content);
    EXPECT_EQ(letters[0].deliveries, 1U);
    EXPECT_TRUE(contains(why, letters[0].reason)) << "the reason is what was thrown";
    expect_joined(queue);
}

template <class Kind>
class QueueUndecodable : public ForKind<Kind> {};
TYPED_TEST_SUITE(QueueUndecodable, BothKinds, KindName);

TYPED_TEST(QueueUndecodable, a_bool_of_seven) {
    expect_kept(typename TestFixture::template QueueOf<bool>(), Format::raw, bytes({7}), true);
}
TYPED_TEST(QueueUndecodable, a_raw_value_of_another_size) {
    const typename TestFixture::Ints queue;
    expect_kept(queue, Format::raw, bytes({1, 2, 3}), 1);
    expect_kept(queue, Format::raw, bytes({}), 1);
    expect_kept(queue, Format::raw, bytes({1, 2, 3, 4, 5}), 1);
}
TYPED_TEST(QueueUndecodable, truncated_messagepack) {
    expect_kept(typename TestFixture::Texts(), Format::msgpack, bytes({0xa5, 'h', 'e'}), "good");
}
TYPED_TEST(QueueUndecodable, messagepack_with_bytes_left_over) {
    expect_kept(typename TestFixture::Texts(), Format::msgpack, bytes({0xa1, 'h', 0xc0}), "good");
}
TYPED_TEST(QueueUndecodable, messagepack_of_another_type) {
    expect_kept(typename TestFixture::Texts(), Format::msgpack, bytes({0x93, 1, 2, 3}), "good");
}
TYPED_TEST(QueueUndecodable, a_length_that_no_memory_could_hold) {
    expect_kept(typename TestFixture::template QueueOf<std::vector<std::string>>(), Format::msgpack,
                bytes({0xdd, 0xff, 0xff, 0xff, 0xff}), {"good"});
}
TYPED_TEST(QueueUndecodable, nothing_where_messagepack_is_expected) {
    expect_kept(typename TestFixture::Texts(), Format::msgpack, bytes({}), "good");
}
TYPED_TEST(QueueUndecodable, another_format) {
    expect_kept(typename TestFixture::Texts(), Format::raw, bytes({0xa1, 'h'}), "good");
    expect_kept(typename TestFixture::Ints(), Format::msgpack, bytes({1}), 1);
}
TYPED_TEST(QueueUndecodable, a_format_that_does_not_exist) {
    expect_kept(typename TestFixture::Ints(), static_cast<Format>(200), bytes({1, 0, 0, 0}), 1);
}
TYPED_TEST(QueueUndecodable, pickles_and_buffers_of_python) {
    expect_kept(typename TestFixture::Texts(), Format::pickle, bytes({0x80, 5, '.'}), "good");
    expect_kept(typename TestFixture::Texts(), Format::buffer, bytes({1, 2}), "good");
}
TYPED_TEST(QueueUndecodable, what_a_users_codec_refuses) {
    expect_kept(typename TestFixture::template QueueOf<Touchy>(), Format::user, bytes({13}), {1});
}
TYPED_TEST(QueueUndecodable, what_a_users_codec_fails_on_in_its_own_way) {
    expect_kept(typename TestFixture::template QueueOf<Touchy>(), Format::user, bytes({14}), {1});
}
TYPED_TEST(QueueUndecodable, the_handle_of_a_queue_that_came_the_wrong_way) {
    expect_kept(typename TestFixture::template QueueOf<std::vector<Queue<int>>>(), Format::msgpack,
                bytes({0x91, 0xd6, 0x50, 0, 0, 0, 0}), {});
}
TYPED_TEST(QueueUndecodable, large_ones_too) {
    expect_kept(typename TestFixture::Texts(), Format::msgpack, Bytes(100'000, std::byte{0xc1}),
                "good");
}

TYPED_TEST(QueueUndecodable, does_not_take_the_others_of_get_many_with_it) {
    const typename TestFixture::Texts queue;
    queue.put("one");
    put_bytes(queue, Format::msgpack, bytes({0xc1}));
    queue.put("three");
    auto items = queue.get_many(10);
    ASSERT_EQ(items.size(), 2U);
    EXPECT_EQ(value_of(std::move(items[0])), "one");
    EXPECT_EQ(value_of(std::move(items[1])), "three");
    EXPECT_EQ(queue.dead_letters().size(), 1U);
    EXPECT_THROW((void)queue.get_many(10, Deadline::now()), DecodeError) << "it is said";
    EXPECT_TRUE(queue.get_many(10, Deadline::now()).empty()) << "once";
    put_bytes(queue, Format::msgpack, bytes({0xc1}));
    EXPECT_THROW((void)queue.get_many(10), DecodeError) << "it was the only one";
    EXPECT_EQ(queue.dead_letters().size(), 2U);
    EXPECT_TRUE(queue.get_many(10, Deadline::now()).empty());
}

/// One good item and two bad ones are taken by get_many(); one more good one waits.
template <class Queue>
void take_a_run_with_bad_ones(const Queue& queue) {
    put_bytes(queue, Format::msgpack, bytes({0xc1}));
    queue.put("good");
    put_bytes(queue, Format::msgpack, bytes({0xc1}));
    auto items = queue.get_many(10);
    ASSERT_EQ(items.size(), 1U);
    EXPECT_EQ(value_of(std::move(items[0])), "good");
    queue.put("next");
}

TYPED_TEST(QueueUndecodable, of_a_run_are_told_by_whichever_call_takes_next_and_it_takes_nothing) {
    using Ours = typename TestFixture::Texts;
    const std::function<void(const Ours&)> calls[] = {
        [](const Ours& queue) { (void)queue.get(); },
        [](const Ours& queue) { (void)queue.get_nowait(); },
        [](const Ours& queue) { (void)queue.try_get(); },
        [](const Ours& queue) { (void)queue.get_many(1); },
        [](const Ours& queue) { (void)queue.begin(); },
    };
    for (const auto& call : calls) {
        const Ours queue;
        take_a_run_with_bad_ones(queue);
        const auto told = message_of<DecodeError>([&] { call(queue); });
        EXPECT_TRUE(contains(told, "2 of the items"));
        EXPECT_EQ(queue.dead_letters().size(), 2U);
        EXPECT_EQ(take(queue, Deadline::now()), "next");
        expect_joined(queue);
    }
}

TYPED_TEST(QueueUndecodable, of_a_run_of_raw_items_are_told_too) {
    const typename TestFixture::template QueueOf<Flag> queue;
    queue.put({true});
    put_bytes(queue, Format::raw, bytes({7}));
    queue.put({false});
    auto items = queue.get_many(10);
    ASSERT_EQ(items.size(), 2U);
    EXPECT_TRUE(value_of(std::move(items[0])).is_up);
    EXPECT_FALSE(value_of(std::move(items[1])).is_up);
    EXPECT_THROW((void)queue.get(Deadline::now()), DecodeError);
    EXPECT_EQ(queue.dead_letters().size(), 1U);
    EXPECT_TRUE(queue.get_many(10, Deadline::now()).empty());
    expect_joined(queue);
}

TYPED_TEST(QueueUndecodable, of_a_run_are_told_to_the_process_that_took_them_alone) {
    PROCESSION_NEEDS_FORK();
    const typename TestFixture::Texts queue;
    take_a_run_with_bad_ones(queue);
    EXPECT_TRUE(ends_well(Process(fork, [&] { must(take(queue) == "next"); })));
    EXPECT_THROW((void)queue.try_get(), DecodeError);
}

TYPED_TEST(QueueUndecodable, leaves_try_get_and_range_for_by_the_same_exception) {
    const typename TestFixture::Texts queue;
    put_bytes(queue, Format::msgpack, bytes({0xc1}));
    EXPECT_THROW((void)queue.try_get(), DecodeError);
    put_bytes(queue, Format::msgpack, bytes({0xc1}));
    queue.put("next");
    EXPECT_THROW(
        {
            for (auto item : queue) FAIL() << value_of(std::move(item));
        },
        DecodeError);
    EXPECT_EQ(take(queue), "next");
    EXPECT_EQ(queue.dead_letters().size(), 2U);
}

// Its letter waits for memory in the hands of its consumer, and is in no other item's way.
TYPED_TEST(QueueUndecodable, is_not_lost_when_there_is_no_memory_for_its_letter) {
    QueueOptions options;
    options.memory_limit = 256 * 1024;
    const typename TestFixture::Texts queue(options);
    put_bytes(queue, Format::msgpack, bytes({0xc1}));
    while (message_of<MemoryError>([&] { queue.put(std::string(4000, 'x')); }).empty()) {}
    while (message_of<MemoryError>([&] { queue.put(std::string(5000, 'x')); }).empty()) {}
    const std::size_t good = queue.qsize() - 1;
    std::size_t got = 0;
    for (int attempt = 0; attempt < 5 && got < good; ++attempt) {
        try {
            while (got < good) got += take(queue, Deadline::now()).empty() ? 0 : 1;
        } catch (const MemoryError&) {  // the letter waits for room
        } catch (const DecodeError&) {  // kept
        }
    }
    EXPECT_EQ(got, good);
    if (!queue.empty()) {
        EXPECT_THROW((void)queue.get(Deadline::now()), DecodeError);
    }
    EXPECT_EQ(queue.dead_letters().size(), 1U);
    expect_joined(queue);
}

// A queue without memory for one letter more, whose first item does not decode.
template <class Queue>
Queue make_crowded() {
    QueueOptions options;
    options.memory_limit = 256 * 1024;
    const Queue queue(options);
    put_bytes(queue, Format::msgpack, bytes({0xc1}));
    while (message_of<MemoryError>([&] { queue.put(std::string(4000, 'x')); }).empty()) {}
    while (message_of<MemoryError>([&] { queue.put(std::string(5000, 'x')); }).empty()) {}
    return queue;
}

TEST(QueueUndecodableWithoutMemory, comes_back_when_its_consumer_ends_before_there_is_some) {
    PROCESSION_NEEDS_FORK();
    for (const bool closes : {false, true}) {
        const auto queue = make_crowded<JoinableQueue<std::string>>();
        const std::size_t there = queue.qsize();
        Process(fork, [&] {
            must(!message_of<DecodeError>([&] { (void)queue.get(Deadline::now()); }).empty());
            must(message_of<ValueError>([&] { queue.task_done(); }).find("too many") !=
                 std::string::npos);
            must(queue.dead_letters().empty());
            if (closes) queue.close();
            ::_exit(0);
        }).join();
        queue.bytes().notice_deaths();
        EXPECT_EQ(queue.qsize(), there);
        EXPECT_THROW((void)queue.get(Deadline::now()), DecodeError);
        for (std::size_t left = there - 1; left > 0; --left) take(queue, Deadline::now());
        EXPECT_TRUE(queue.join(Deadline::now())) << "or the letter still waits";
        EXPECT_EQ(queue.dead_letters().size(), 1U);
        expect_joined(queue);
    }
}

TEST(QueueUndecodableWithoutMemory, is_written_by_a_consumer_that_waits) {
    PROCESSION_NEEDS_FORK();
    const auto queue = make_crowded<JoinableQueue<std::string>>();
    EXPECT_THROW((void)queue.get(Deadline::now()), DecodeError);
    Process(fork, [&] {
        while (!queue.empty()) take(queue, Deadline::now());
    }).join();
    EXPECT_TRUE(queue.join()) << "join() itself writes it";
    EXPECT_EQ(queue.stats().dead_lettered, 1U);
}

TYPED_TEST(QueueUndecodable, a_value_that_cannot_be_encoded_is_not_enqueued_nor_counted) {
    const typename TestFixture::template QueueOf<Touchy> queue;
    EXPECT_THROW(queue.put({-1}), EncodeError);
    EXPECT_THROW(queue.put_nowait({-1}), EncodeError);
    EXPECT_THROW((void)queue.try_put({-1}), EncodeError);
    EXPECT_THROW(queue.put({99}), std::logic_error) << "the user's own error passes unchanged";
    EXPECT_THROW(queue.put_many(std::vector<Touchy>{{1}, {-1}}), EncodeError);
    EXPECT_EQ(queue.qsize(), 0U) << "also not the good one before it";
    EXPECT_EQ(queue.stats().put, 0U);
    expect_joined(queue);
    queue.put({5});
    EXPECT_EQ(take(queue).number, 5);
}

struct Deep {
    std::vector<Deep> inner;
};

TYPED_TEST(QueueUndecodable, a_value_nested_too_deeply_is_refused_by_put) {
    const typename TestFixture::template QueueOf<Deep> queue;
    Deep deep;
    for (int i = 0; i < 200; ++i) {
        Deep outer;
        outer.inner.push_back(std::move(deep));
        deep = std::move(outer);
    }
    EXPECT_THROW(queue.put(deep), EncodeError);
    EXPECT_TRUE(queue.empty());
}

}  // namespace
}  // namespace procession::testing
