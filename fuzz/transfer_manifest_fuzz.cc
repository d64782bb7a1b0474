// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
// The list of descriptors that a child inherits, and the handles of queues in its arguments. The
// input: how many descriptors of which kind there really are, changes of the list, and then the
// encoded arguments.

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "fuzz/expect.h"
#include "fuzz/input.h"
#include "fuzz/scenario.h"
#include "os/memory_file.h"
#include "procession/codec.h"
#include "procession/joinable_queue.h"
#include "procession/queue.h"
#include "transfer/receive_context.h"

namespace procession::fuzz {

using namespace detail;
namespace {

using transfer::InheritedHandle;

struct Arguments {
    JoinableQueue<std::string> jobs;
    std::vector<Queue<int>> results;
    std::string text;
};

/// Descriptors that are really there. What no ReceiveContext took over is closed at the end; a
/// number may be closed by an ReceiveContext only when the list described it truly.
class Inheritance {
  public:
    void add(std::uint8_t kind) {
        os::Handle handle;
        if (kind % 4 == 0) handle = image_of_death(QueueKind::joinable, 0).restore();
        if (kind % 4 == 1) handle = image_of_death(QueueKind::plain, 0).restore();
        if (kind % 4 == 2) handle = memory_file_with({}, 100'000);
        if (kind % 4 == 3) handle = os::Handle(::open("/dev/null", O_RDWR | O_CLOEXEC));
        InheritedHandle listed;
        listed.number = handle.get();
        os::FileIdentity identity;
        std::uint64_t size = 0;
        if (os::identify(handle, identity, size)) found("cannot identify");
        listed.device = identity.device;
        listed.inode = identity.inode;
        listed.object = "a thing";
        list.push_back(listed);
        numbers_.push_back(handle.release());
    }
    ~Inheritance() {
        // Closed by an ReceiveContext, or still open: either is right.
        for (const int number : numbers_) ::close(number);
    }

    std::vector<InheritedHandle> list;

  private:
    std::vector<int> numbers_;
};

void change(std::vector<InheritedHandle>& list, Input& input) {
    if (list.empty()) return;
    InheritedHandle& entry = list[input.byte() % list.size()];
    switch (input.byte() % 6) {
        case 0: entry.inode += 1 + input.byte(); break;
        case 1: entry.device ^= 1 + input.byte(); break;
        // Never a number that this process itself uses: the library may close what it is given.
        case 2: entry.number = -1 - input.byte(); break;
        case 3: entry.number = 100'000 + input.byte(); break;
        case 4: list.push_back(list[input.byte() % list.size()]); break;
        default: entry.object = std::string(input.byte() * 40U, 'o');
    }
}

// The list as it crosses: encoded, damaged, decoded again.
std::vector<InheritedHandle> cross(const std::vector<InheritedHandle>& list, Input& input) {
    Writer writer;
    encode(writer, list);
    std::vector<std::byte> bytes(writer.bytes().begin(), writer.bytes().end());
    if (input.byte() % 4 == 0 && !bytes.empty()) {
        bytes[input.byte() % bytes.size()] = static_cast<std::byte>(input.byte());
    }
    Reader reader(bytes, "manifest");
    auto arrived = decode<std::vector<InheritedHandle>>(reader);
    reader.expect_end();
    // The damage may have made a number that names a descriptor of this process, together with the
    // identity of that very descriptor only by a miracle; the identity check is what is tested.
    return arrived;
}

void run(Input input) {
    Inheritance inheritance;
    const std::size_t count = input.byte() % 5;
    for (std::size_t i = 0; i < count; ++i) inheritance.add(input.byte());
    const std::size_t changes = input.byte() % 4;
    for (std::size_t i = 0; i < changes; ++i) change(inheritance.list, input);
    survives([&] {
        const transfer::ReceiveContext context(cross(inheritance.list, input));
        Reader reader(input.rest(), "arguments");
        const Arguments arguments = decode<Arguments>(reader);
        survives([&] { static_cast<void>(arguments.jobs.qsize()); });
        for (const auto& queue : arguments.results)
            survives([&] { static_cast<void>(queue.qsize()); });
    });
}

}  // namespace
}  // namespace procession::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    procession::fuzz::run(procession::fuzz::Input(data, size));
    return 0;
}
