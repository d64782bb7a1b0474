// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <optional>

#include "support/queue_helpers.h"

// Where a queue cannot go: refused with the message of P8, or with the types that do not match.

namespace procession::testing {

using namespace detail;

struct HoldsQueues {
    std::string name;
    JoinableQueue<int> jobs;
    Queue<int> results;
};

namespace {

std::string rule_for(const std::string& type) {
    return type +
           " objects should only be shared between processes through inheritance or a Procession "
           "channel";
}

template <class Kind>
class QueueRefusal : public ForKind<Kind> {
  public:
    static std::string rule() { return rule_for(Kind::name); }
};
TYPED_TEST_SUITE(QueueRefusal, BothKinds, KindName);

TYPED_TEST(QueueRefusal, encoded_outside_of_the_start_of_a_child) {
    Writer writer;
    const typename TestFixture::Ints queue;
    EXPECT_TRUE(contains(message_of<SharingError>([&] { encode(writer, queue); }), this->rule()));
    const std::optional<typename TestFixture::Ints> maybe(queue);
    EXPECT_TRUE(contains(message_of<SharingError>([&] { encode(writer, maybe); }), this->rule()));
}

TYPED_TEST(QueueRefusal, decoded_outside_of_the_start_of_a_child) {
    Writer writer;
    {
        const transfer::SendContext spawning;
        encode(writer, typename TestFixture::Ints());
    }
    Reader reader(writer.bytes());
    const auto why =
        message_of<SharingError>([&] { (void)decode<typename TestFixture::Ints>(reader); });
    EXPECT_TRUE(contains(why, this->rule()));
}

TYPED_TEST(QueueRefusal, bytes_that_are_no_handle) {
    const typename TestFixture::Ints queue;
    const OnItsWay travelling(7);
    EXPECT_THROW((void)travelling.arrive<typename TestFixture::Ints>(), DecodeError);
    const OnItsWay text(std::string("text"));
    EXPECT_THROW((void)text.arrive<typename TestFixture::Ints>(), DecodeError);
}

TEST(QueueRefusalInStruct, the_struct_is_refused_with_the_first_queue_in_it) {
    Writer writer;
    const HoldsQueues object{"holder", {}, {}};
    EXPECT_TRUE(contains(message_of<SharingError>([&] { encode(writer, object); }),
                         rule_for("JoinableQueue")));
}

TYPED_TEST(QueueRefusal, arriving_as_what_it_is_gives_the_same_queue) {
    const typename TestFixture::Ints queue;
    const OnItsWay travelling(queue);
    const auto one = travelling.arrive<typename TestFixture::Ints>();
    const auto two = travelling.arrive<typename TestFixture::Ints>();
    EXPECT_EQ(one, queue);
    EXPECT_EQ(two, queue);
    one.put(5);
    EXPECT_EQ(take(queue), 5);
    EXPECT_EQ(queue.stats().participants, 1U);
}

TYPED_TEST(QueueRefusal, arriving_with_another_element_type_is_a_type_mismatch) {
    const typename TestFixture::Ints queue;
    const OnItsWay travelling(queue);
    const auto why =
        message_of<TypeMismatch>([&] { (void)travelling.arrive<typename TestFixture::Texts>(); });
    const std::string kind = TypeParam::name;
    EXPECT_TRUE(contains(why, "a " + kind + " of " + type_signature<int>()));
    EXPECT_TRUE(contains(why, "not a " + kind + " of " + type_signature<std::string>()));
    queue.put(1);
    EXPECT_EQ(take(queue), 1) << "the queue itself is as good as before";
}

TYPED_TEST(QueueRefusal, integers_of_other_sizes_and_signs_are_other_types) {
    const OnItsWay travelling{typename TestFixture::Ints()};
    using Longs = typename TestFixture::template QueueOf<std::int64_t>;
    using Unsigned = typename TestFixture::template QueueOf<std::uint32_t>;
    using Floats = typename TestFixture::template QueueOf<float>;
    EXPECT_THROW((void)travelling.arrive<Longs>(), TypeMismatch);
    EXPECT_THROW((void)travelling.arrive<Unsigned>(), TypeMismatch);
    EXPECT_THROW((void)travelling.arrive<Floats>(), TypeMismatch);
}

TEST(QueueRefusalOfKind, a_queue_is_no_joinable_queue_and_the_other_way_round) {
    const auto plain =
        message_of<TypeMismatch>([] { (void)OnItsWay(Queue<int>()).arrive<JoinableQueue<int>>(); });
    const auto joinable =
        message_of<TypeMismatch>([] { (void)OnItsWay(JoinableQueue<int>()).arrive<Queue<int>>(); });
    EXPECT_TRUE(contains(plain, "it is a Queue of"));
    EXPECT_TRUE(contains(plain, "not a JoinableQueue of"));
    EXPECT_TRUE(contains(joinable, "it is a JoinableQueue of"));
    EXPECT_TRUE(contains(joinable, "not a Queue of"));
}

TEST(QueueRefusalOfKind, a_descriptor_that_is_no_queue_is_a_corrupt_segment) {
    Writer writer;
    std::vector<os::Handle> arrived;
    arrived.emplace_back(::open("/dev/zero", O_RDWR | O_CLOEXEC));
    const std::byte index[4] = {};
    writer.extension(0x50, index);
    const transfer::ReceiveContext context(std::move(arrived));
    Reader reader(writer.bytes());
    EXPECT_THROW((void)decode<Queue<int>>(reader), CorruptSegment);
}

TEST(QueueRefusalOfKind, a_handle_index_that_did_not_come_along_is_a_decode_error) {
    Writer writer;
    const std::byte index[4] = {std::byte{9}};
    writer.extension(0x50, index);
    const transfer::ReceiveContext context{std::vector<transfer::InheritedHandle>{}};
    Reader reader(writer.bytes());
    EXPECT_THROW((void)decode<Queue<int>>(reader), DecodeError);
}

struct PutsWhileItIsEncoded {
    Queue<Queue<int>> carrier;
    Queue<int> queue;
    int number = 0;
};

}  // namespace
}  // namespace procession::testing

using procession::testing::PutsWhileItIsEncoded;

/// A user's codec that uses a queue of its own while a child's message is being built.
template <>
struct procession::Codec<PutsWhileItIsEncoded> {
    static constexpr std::string_view signature = "PutsWhileItIsEncoded";
    static void encode(Writer& writer, const PutsWhileItIsEncoded& object) {
        object.carrier.put(object.queue);
        writer.integer(object.number);
    }
    static PutsWhileItIsEncoded decode(Reader& reader) {
        PutsWhileItIsEncoded object;
        object.number = reader.integer<int>();
        return object;
    }
};

namespace procession::testing {
namespace {

void take_it(const PutsWhileItIsEncoded&) {}

TEST(QueueRefusalOfKind, a_put_while_a_child_is_being_started_is_no_business_of_the_child) {
    const PutsWhileItIsEncoded object;
    const Process child(spawn, take_it, object);
    EXPECT_EQ(object.carrier.get(), object.queue);
}

}  // namespace
}  // namespace procession::testing
