// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>

#include "contract/process_fixture.h"
#include "os/memory_file.h"
#include "procession/error.h"
#include "transfer/receive_context.h"
#include "transfer/send_context.h"

// The inheritance rule: which objects may cross, how handles do, and that they are the same objects
// there.

namespace procession::testing {

using namespace detail;
namespace {

/// An open file that children get, in the way of every Procession object.
struct SharedFile {
    std::shared_ptr<os::Handle> handle;
};

}  // namespace
}  // namespace procession::testing

using procession::testing::SharedFile;

namespace procession {

using namespace detail;

template <>
struct Codec<SharedFile> {
    static constexpr std::string_view signature = "SharedFile";
    static constexpr bool is_procession_object = true;
    static void encode(Writer& writer, const SharedFile& file) {
        transfer::assert_sharing("SharedFile");
        writer.integer(transfer::SendContext::current()->add(file.handle->get()));
    }
    static SharedFile decode(Reader& reader) {
        auto& context = transfer::assert_receiving("SharedFile");
        return {std::make_shared<os::Handle>(context.take(reader.integer<std::uint32_t>()))};
    }
};

}  // namespace procession

namespace procession::testing {
namespace {

class TransferInheritance : public EachStartMethod {
  protected:
    [[nodiscard]] SharedFile open_shared(const std::string& name) const {
        return {std::make_shared<os::Handle>(open_end(folder_.file(name), O_RDWR | O_CREAT))};
    }
};
INSTANTIATE_TEST_SUITE_P(StartMethods, TransferInheritance, all_start_methods(), show_start_method);

void expect(bool held) {
    if (!held) throw SystemExit{99};
}

int exit_code_of(Process child) {
    child.join();
    return child.exit_code().value();
}

void read_two_and_write(const SharedFile& file) {
    char letters[2] = {};
    expect(::read(file.handle->get(), letters, 2) == 2);
    expect(letters[0] == 'c' && letters[1] == 'd');
    expect((::fcntl(file.handle->get(), F_GETFD) & FD_CLOEXEC) != 0);
    expect(::write(file.handle->get(), "XY", 2) == 2);
}

TEST_P(TransferInheritance, two_processes_sharing_a_file_share_its_position) {
    const SharedFile file = open_shared("shared");
    write_text(*file.handle, "abcdefgh");
    ::lseek(file.handle->get(), 2, SEEK_SET);
    EXPECT_EQ(exit_code_of(Process(method(), read_two_and_write, file)), 0);
    EXPECT_EQ(::lseek(file.handle->get(), 0, SEEK_CUR), 6) << "where the child left it";
    write_text(*file.handle, "Z");
    EXPECT_EQ(file_text(folder_.file("shared")), "abcdXYZh");
}

struct Machine {
    SharedFile in;
    std::string name;
    std::vector<SharedFile> outs;
    void operator()() {
        expect(name == "machine" && outs.size() == 2);
        write_text(*outs[0].handle, "first");
        write_text(*outs[1].handle, "second");
        expect(read_line(*in.handle) == "input");
    }
};

TEST_P(TransferInheritance, an_object_that_merely_holds_shared_objects_brings_them_along) {
    const Machine machine{open_shared("in"), "machine", {open_shared("one"), open_shared("two")}};
    write_text(*machine.in.handle, "input");
    ::lseek(machine.in.handle->get(), 0, SEEK_SET);
    EXPECT_EQ(exit_code_of(Process(method(), machine)), 0);
    EXPECT_EQ(file_text(folder_.file("one")), "first");
    EXPECT_EQ(file_text(folder_.file("two")), "second");
}

void pass_on(StartMethod method, const SharedFile& file) {
    expect(exit_code_of(Process(method, read_two_and_write, file)) == 0);
}

TEST_P(TransferInheritance, a_child_passes_on_what_it_was_given) {
    for (const auto second : get_all_start_methods()) {
        const SharedFile file = open_shared("shared");
        write_text(*file.handle, "abcdefgh");
        ::lseek(file.handle->get(), 2, SEEK_SET);
        EXPECT_EQ(exit_code_of(Process(method(), pass_on, second, file)), 0);
        EXPECT_EQ(::lseek(file.handle->get(), 0, SEEK_CUR), 6);
    }
}

TEST(TransferSpawning, an_object_encoded_at_any_other_time_is_refused) {
    const SharedFile file{std::make_shared<os::Handle>(open_end("/dev/null", O_RDONLY))};
    Writer writer;
    try {
        encode(writer, file);
        FAIL();
    } catch (const SharingError& error) {
        const std::string what = error.what();
        EXPECT_NE(what.find("SharedFile objects should only be shared between processes through "
                            "inheritance or a Procession channel"),
                  what.npos)
            << what;
    }
}

TEST(TransferSpawning, an_object_decoded_at_any_other_time_is_refused) {
    Writer writer;
    writer.integer(0);
    Reader reader(writer.bytes());
    EXPECT_THROW((void)decode<SharedFile>(reader), SharingError);
}

TEST(TransferSpawning, is_the_business_of_one_thread) {
    const transfer::SendContext spawning;
    EXPECT_EQ(transfer::SendContext::current(), &spawning);
    EXPECT_NO_THROW(transfer::assert_sharing("Queue"));
    std::thread([] {
        EXPECT_EQ(transfer::SendContext::current(), nullptr);
        EXPECT_THROW(transfer::assert_sharing("Queue"), SharingError);
    }).join();
}

TEST(TransferSpawning, nests) {
    const transfer::SendContext outer;
    {
        const transfer::SendContext inner;
        EXPECT_EQ(transfer::SendContext::current(), &inner);
    }
    EXPECT_EQ(transfer::SendContext::current(), &outer);
}

TEST(TransferSpawning, gives_one_index_to_one_handle_however_often_it_is_added) {
    const os::Handle one = open_end("/dev/null", O_RDONLY);
    os::Handle two = open_end("/dev/zero", O_RDONLY);
    transfer::SendContext spawning;
    EXPECT_EQ(spawning.add(one.get()), 0U);
    EXPECT_EQ(spawning.add(two.get()), 1U);
    EXPECT_EQ(spawning.add(one.get()), 0U);
    const int number = two.get();
    two.reset();
    const os::Handle three = open_end("/dev/full", O_RDONLY);
    ASSERT_EQ(three.get(), number) << "the number is given out again";
    EXPECT_EQ(spawning.add(three.get()), 2U);
    EXPECT_EQ(spawning.manifest().size(), 3U);
    EXPECT_EQ(spawning.manifest()[1].object, "/dev/zero") << "it was kept";
}

TEST(TransferSpawning, refuses_a_handle_that_is_not_open) {
    transfer::SendContext spawning;
    EXPECT_THROW(spawning.add(-1), OSError);
    EXPECT_THROW(spawning.add(99999), OSError);
    EXPECT_TRUE(spawning.manifest().empty());
}

transfer::InheritedHandle as_sent(const os::Handle& handle) {
    os::FileIdentity identity;
    std::uint64_t size = 0;
    EXPECT_FALSE(os::identify(handle, identity, size));
    return {handle.get(), identity.device, identity.inode, "the object"};
}

TEST(TransferReceiving, gives_each_taker_a_handle_of_its_own_and_closes_the_rest) {
    os::Handle one = open_end("/dev/null", O_RDONLY);
    os::Handle two = open_end("/dev/zero", O_RDONLY);
    const std::vector manifest{as_sent(one), as_sent(two)};
    const int numbers[] = {one.release(), two.release()};
    os::Handle taken;
    {
        transfer::ReceiveContext context(manifest);
        EXPECT_EQ(transfer::ReceiveContext::current(), &context);
        taken = context.take(0);
        EXPECT_NE(taken.get(), context.take(0).get());
        EXPECT_THROW((void)context.take(2), DecodeError);
        EXPECT_THROW((void)context.take(~0U), DecodeError);
    }
    EXPECT_EQ(transfer::ReceiveContext::current(), nullptr);
    EXPECT_EQ(as_sent(taken).inode, manifest[0].inode);
    EXPECT_EQ(::fcntl(numbers[0], F_GETFD), -1);
    EXPECT_EQ(::fcntl(numbers[1], F_GETFD), -1);
}

TEST(TransferReceiving, refuses_a_descriptor_that_is_another_object_and_leaves_it_open) {
    const os::Handle innocent = open_end("/dev/null", O_RDONLY);
    auto sent = as_sent(innocent);
    sent.inode += 1;
    EXPECT_THROW(transfer::ReceiveContext(std::vector<transfer::InheritedHandle>{sent}),
                 SharingError);
    EXPECT_NE(::fcntl(innocent.get(), F_GETFD), -1);
    sent = as_sent(innocent);
    sent.number = -1;
    EXPECT_THROW(transfer::ReceiveContext(std::vector<transfer::InheritedHandle>{sent}),
                 SharingError);
    sent.number = 99999;
    EXPECT_THROW(transfer::ReceiveContext(std::vector<transfer::InheritedHandle>{sent}),
                 SharingError);
}

TEST(TransferReceiving, refuses_a_descriptor_that_is_listed_twice) {
    os::Handle handle = open_end("/dev/null", O_RDONLY);
    const auto sent = as_sent(handle);
    (void)handle.release();  // the first entry owns it
    EXPECT_THROW(transfer::ReceiveContext(std::vector<transfer::InheritedHandle>{sent, sent}),
                 SharingError);
}

}  // namespace
}  // namespace procession::testing
