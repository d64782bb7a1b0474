// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "parcel.h"

#include <cstring>
#include <string>

#include "procession/error.h"

namespace procession::python {

namespace {

struct Head {
    std::uint32_t magic = 0x50525042;  // "BPRP"
    std::uint32_t buffers = 0;
    std::uint64_t deposit = 0;
    std::uint64_t pickle = 0;
};
static_assert(sizeof(Head) == 24);

constexpr std::uint64_t kOfBytes = std::uint64_t{1} << 63;
constexpr std::uint64_t kReadonly = std::uint64_t{1} << 62;
constexpr std::size_t kBufferAlignment = 64;
constexpr std::uint32_t kBuffersMost = 1U << 20;

std::size_t aligned(std::size_t offset) {
    return (offset + kBufferAlignment - 1) / kBufferAlignment * kBufferAlignment;
}

std::uint64_t mark_of(BufferSource source) {
    if (source == BufferSource::bytes) return kOfBytes;
    return source == BufferSource::readonly ? kReadonly : 0;
}

BufferSource source_of(std::uint64_t entry) {
    if ((entry & kOfBytes) != 0) return BufferSource::bytes;
    return (entry & kReadonly) != 0 ? BufferSource::readonly : BufferSource::writable;
}

[[noreturn]] void refuse(const std::string& why) {
    throw DecodeError("decode", "item with buffers",
                      "the item was not written by Procession: " + why);
}

/// Puts the parts, whose sizes are known, behind one another.
void lay_out(ParcelPlan& plan) {
    plan.deposit_at = sizeof(Head) + plan.buffers.size() * sizeof(std::uint64_t);
    plan.pickle_at = plan.deposit_at + plan.deposit_size;
    plan.size = plan.pickle_at + plan.pickle_size;
    for (ParcelPlan::Place& buffer : plan.buffers) {
        buffer.at = aligned(plan.size);
        plan.size = buffer.at + buffer.size;
    }
}

}  // namespace

ParcelPlan plan_parcel(const Pickled& pickled, std::size_t deposit_size) {
    if (pickled.buffers().size() > kBuffersMost) {
        throw ValueError("put", "an object with buffers",
                         "it has " + std::to_string(pickled.buffers().size()) +
                             " large buffers; at most " + std::to_string(kBuffersMost) +
                             " travel in one item: put parts of it");
    }
    ParcelPlan plan;
    plan.deposit_size = deposit_size;
    plan.pickle_size = pickled.pickle_size();
    plan.buffers.reserve(pickled.buffers().size());
    for (const Pickled::Buffer& buffer : pickled.buffers()) {
        plan.buffers.push_back({0, buffer.bytes.size(), buffer.source});
    }
    lay_out(plan);
    return plan;
}

void write_parcel(std::byte* place, const ParcelPlan& plan, const Pickled& pickled,
                  std::span<const std::byte> deposit) noexcept {
    const Head head{.buffers = static_cast<std::uint32_t>(plan.buffers.size()),
                    .deposit = deposit.size(),
                    .pickle = plan.pickle_size};
    std::memcpy(place, &head, sizeof head);
    std::size_t at = sizeof head;
    for (const ParcelPlan::Place& buffer : plan.buffers) {
        const std::uint64_t entry = buffer.size | mark_of(buffer.source);
        std::memcpy(place + at, &entry, sizeof entry);
        at += sizeof entry;
    }
    if (!deposit.empty()) {
        std::memcpy(place + plan.deposit_at, deposit.data(), deposit.size());
    }
    pickled.copy_pickle(place + plan.pickle_at);
    std::size_t end = plan.pickle_at + plan.pickle_size;
    for (std::size_t i = 0; i < plan.buffers.size(); ++i) {
        const ParcelPlan::Place& buffer = plan.buffers[i];
        // The receiver must not see older bytes of this memory.
        std::memset(place + end, 0, buffer.at - end);
        std::memcpy(place + buffer.at, pickled.buffers()[i].bytes.data(), buffer.size);
        end = buffer.at + buffer.size;
    }
}

ParcelPlan read_parcel(std::span<const std::byte> item) {
    Head head;
    const Head expected;
    if (item.size() < sizeof head) refuse("it has only " + std::to_string(item.size()) + " bytes");
    std::memcpy(&head, item.data(), sizeof head);
    if (head.magic != expected.magic) refuse("its first bytes are not those of one");
    // Before memory is taken for the table.
    if (head.buffers > (item.size() - sizeof head) / sizeof(std::uint64_t)) {
        refuse("it says that it has " + std::to_string(head.buffers) + " buffers");
    }
    // An item has up to 2^30 bytes, and so up to 2^27 buffers: no sum of these can wrap around.
    if (head.deposit > item.size() || head.pickle > item.size()) refuse("its parts are longer");
    ParcelPlan plan;
    plan.deposit_size = head.deposit;
    plan.pickle_size = head.pickle;
    plan.buffers.resize(head.buffers);
    std::size_t at = sizeof head;
    for (ParcelPlan::Place& buffer : plan.buffers) {
        std::uint64_t entry = 0;
        std::memcpy(&entry, item.data() + at, sizeof entry);
        at += sizeof entry;
        buffer.size = entry & ~(kOfBytes | kReadonly);
        buffer.source = source_of(entry);
        if (buffer.size > item.size()) refuse("one of its buffers is longer");
    }
    lay_out(plan);
    if (plan.size != item.size()) {
        refuse("its parts would have " + std::to_string(plan.size) + " bytes, it has " +
               std::to_string(item.size()));
    }
    return plan;
}

}  // namespace procession::python
