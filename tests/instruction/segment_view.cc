// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/segment_view.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "os/memory_file.h"
#include "shm/layout.h"
#include "transfer/receive_context.h"
#include "transfer/send_context.h"

namespace procession::instruction {

namespace {

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

void check(std::error_code failed, const char* what) {
    if (failed) throw std::system_error(failed, what);
}

std::uint64_t size_of(const os::Handle& file) {
    struct stat status{};
    if (::fstat(file.get(), &status) != 0) fail("fstat");
    return static_cast<std::uint64_t>(status.st_size);
}

/// Another descriptor of the queue's file: what a child would be given.
os::Handle file_of(const ByteQueue& queue) {
    const transfer::SendContext spawning;
    Writer writer;
    queue.encode_handle(writer);
    os::Handle file(::fcntl(spawning.handles().at(0), F_DUPFD_CLOEXEC, 0));
    if (!file.valid()) fail("dup");
    return file;
}

/// The message in which the first handle is a queue.
const std::vector<std::byte>& message_with_a_queue() {
    static const std::vector<std::byte> message = [] {
        const ByteQueue any(QueueKind::plain, type_stamp(), {});
        const transfer::SendContext spawning;
        Writer writer;
        any.encode_handle(writer);
        const auto bytes = writer.bytes();
        return std::vector<std::byte>(bytes.begin(), bytes.end());
    }();
    return message;
}

}  // namespace

const TypeStamp& type_stamp() {
    static const TypeStamp stamp{Format::raw, stamp_hash(Format::raw, "bytes"), "bytes"};
    return stamp;
}

SegmentView::SegmentView(const ByteQueue& queue) : file_(file_of(queue)) {
    os::Mapping head;
    check(os::Mapping::map(file_, shm::kTableOffset, head), "map");
    const auto& header = *reinterpret_cast<const shm::SegmentHeader*>(head.base());
    check(os::Mapping::map(file_, header.total_bytes, mapping_), "map");
    refresh();
}

std::span<const std::byte> SegmentView::now() const { return {mapping_.base(), size_of(file_)}; }

bool SegmentView::refresh() {
    const auto bytes = now();
    const bool same = bytes.size() == image_.size() &&
                      std::memcmp(bytes.data(), image_.data(), bytes.size()) == 0;
    if (same) return false;
    before_.swap(image_);
    image_.assign(bytes.begin(), bytes.end());
    return true;
}

ByteQueue resurrect(const Image& image, QueueKind kind) {
    os::Handle file;
    check(os::create_memory_file("procession", std::uint64_t{1} << 40, file), "memfd_create");
    for (std::size_t done = 0; done < image.size();) {
        const ssize_t wrote = ::pwrite(file.get(), image.data() + done, image.size() - done,
                                       static_cast<off_t>(done));
        if (wrote < 0) fail("pwrite");
        done += static_cast<std::size_t>(wrote);
    }
    os::FileIdentity identity;
    std::uint64_t size = 0;
    check(os::identify(file, identity, size), "identify");
    const transfer::ReceiveContext context(
        {{file.release(), identity.device, identity.inode, "the image of a queue"}});
    Reader reader(message_with_a_queue());
    return ByteQueue::decode_handle(reader, kind, type_stamp());
}

std::uint64_t participants_in(const Image& image) {
    std::uint64_t count = 0;
    for (std::uint32_t slot = 0; slot < shm::kParticipantsMax; ++slot) {
        std::uint32_t state = 0;
        std::memcpy(&state,
                    image.data() + shm::kRegistryOffset + slot * sizeof(shm::ParticipantSlot),
                    sizeof state);
        if (state == shm::kJoined) ++count;
    }
    return count;
}

}  // namespace procession::instruction
