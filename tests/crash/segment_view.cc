// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crash/segment_view.h"

#ifndef _WIN32
#include <fcntl.h>
#endif

#include <cstring>
#include <stdexcept>
#include <string>

#include "procession/codec.h"
#include "transfer/send_context.h"

namespace procession::testing {

namespace {

os::Handle file_of(const ByteQueue& queue) {
    const transfer::SendContext spawning;
    Writer writer;
    queue.encode_handle(writer);
    return os::Handle::duplicate_of(spawning.handles().front());
}

}  // namespace

SegmentView::SegmentView(const ByteQueue& queue) : file_(file_of(queue)) {
    os::Mapping head;
    if (os::Mapping::map(file_, shm::kTableOffset, head)) throw std::runtime_error("no mapping");
    const auto& header = *reinterpret_cast<const shm::SegmentHeader*>(head.base());
    if (os::Mapping::map(file_, header.total_bytes, mapping_))
        throw std::runtime_error("no mapping");
}

std::vector<SegmentView::Range> SegmentView::ranges(std::uint32_t end) const {
    return {{0, shm::kTableOffset},
            {shm::kTableOffset, std::uint64_t{end} * sizeof(std::uint64_t)},
            {header().data_offset, std::uint64_t{end} * shm::kUnitBytes}};
}

void SegmentView::save(Snapshot& snapshot) const {
    std::uint64_t total = 0;
    for (const Range& range : ranges(state().pool.end.load())) total += range.bytes;
    snapshot.resize(total);
    std::byte* to = snapshot.data();
    for (const Range& range : ranges(state().pool.end.load())) {
        std::memcpy(to, at(range.from), range.bytes);
        to += range.bytes;
    }
}

void SegmentView::restore(const Snapshot& snapshot) const {
    const auto& saved =
        *reinterpret_cast<const queue::State*>(snapshot.data() + shm::kObjectOffset);
    const std::byte* from = snapshot.data();
    for (const Range& range : ranges(saved.pool.end.load())) {
        std::memcpy(at(range.from), from, range.bytes);
        from += range.bytes;
    }
}

void SegmentView::fill_slots_from(std::uint32_t first) {
#ifdef _WIN32
    os::FileIdentity identity;
    std::uint64_t size = 0;
    if (os::identify(file_, identity, size)) throw std::runtime_error("no identity");
    for (std::uint64_t slot = first; slot < shm::kParticipantsMax; ++slot) {
        os::ByteLock lock;
        const auto at = shm::kRegistryOffset + slot * sizeof(shm::ParticipantSlot);
        if (os::ByteLock::try_lock(file_, identity, at, lock)) throw std::runtime_error("no lock");
        crowd_.push_back(std::move(lock));
    }
#else
    // All of them by one lock.
    const std::string path = "/proc/self/fd/" + std::to_string(file_.get());
    crowd_.reset(::open(path.c_str(), O_RDWR | O_CLOEXEC));
    struct flock request{};
    request.l_type = F_WRLCK;
    request.l_whence = SEEK_SET;
    request.l_start =
        static_cast<off_t>(shm::kRegistryOffset + first * sizeof(shm::ParticipantSlot));
    request.l_len = static_cast<off_t>(shm::kTableOffset) - request.l_start;
    if (::fcntl(crowd_.get(), F_OFD_SETLK, &request) != 0) throw std::runtime_error("no lock");
#endif
    auto* participants = reinterpret_cast<shm::ParticipantSlot*>(at(shm::kRegistryOffset));
    for (std::uint32_t slot = first; slot < shm::kParticipantsMax; ++slot) {
        participants[slot].state.store(shm::kJoined);
    }
    header().participants_end.store(shm::kParticipantsMax);
}

}  // namespace procession::testing
