// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/segment_view.h"

#ifndef _WIN32
#include <fcntl.h>
#endif

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "death/counter/shared_counter.h"
#include "os/memory_file.h"
#include "queue/record.h"
#include "queue/state.h"
#include "shm/block_pool.h"
#include "shm/layout.h"

namespace procession::death {

using namespace detail;

namespace {

using queue::RecordHead;
using shm::Block;
using shm::BlockState;

using Bytes = std::span<const std::byte>;

[[noreturn]] void fail(const char* what) { throw std::runtime_error(what); }

std::uint64_t word_at(Bytes image, std::uint64_t offset) {
    std::uint64_t word = 0;
    if (offset + sizeof word <= image.size()) {
        std::memcpy(&word, image.data() + offset, sizeof word);
    }
    return word;
}

const shm::SegmentHeader& header_of(Bytes image) {
    return *reinterpret_cast<const shm::SegmentHeader*>(image.data());
}

struct Field {
    std::size_t at;
    std::size_t bytes;
    const char* name;
};

#define FIELD(member, text) \
    Field { offsetof(State, member), sizeof(std::declval<State&>().member), text }
using State = queue::State;
constexpr Field kQueueFields[] = {
    FIELD(shutdown, "shutdown"),
    FIELD(tail_lock, "tail lock"),
    FIELD(tail.position, "tail position"),
    FIELD(tail.count, "put count"),
    FIELD(tail.bytes, "put bytes"),
    FIELD(tail.intent, "intent for a block"),
    FIELD(seen_taken, "seen taken"),
    FIELD(head_lock, "head lock"),
    FIELD(head.position, "head position"),
    FIELD(head.count, "taken count"),
    FIELD(head.bytes, "taken bytes"),
    FIELD(head.leaving, "intent to leave a chunk"),
    FIELD(returned.first, "first returned item"),
    FIELD(returned.count, "returned count"),
    FIELD(returned.used, "runs of returned items"),
    FIELD(returned.runs, "run of returned items"),
    FIELD(redelivered, "redelivered"),
    FIELD(memory_lock, "memory lock"),
    FIELD(finished, "finished"),
    FIELD(dead_lettered, "dead-lettered"),
    FIELD(not_empty, "item bell"),
    FIELD(not_full, "space bell"),
    FIELD(all_done, "join bell"),
    FIELD(listing, "intent to change the list"),
    FIELD(reclaiming, "intent to reclaim"),
    FIELD(memory_intent, "intent to finish"),
    FIELD(pool, "pool"),
};
namespace counter {
using State = testing::SharedCounter::State;
constexpr Field kFields[] = {
    FIELD(lock, "lock"),        FIELD(given, "place bell"), FIELD(moving, "intent to move a place"),
    FIELD(free, "free places"), FIELD(held, "held places"),
};
}  // namespace counter
#undef FIELD

std::string name_in_state(Bytes image, std::uint64_t offset) {
    const bool is_counter = header_of(image).kind == testing::SharedCounter::kKind;
    const std::uint64_t in_state = offset - shm::kObjectOffset;
    using Fields = std::span<const Field>;
    for (const Field& field : is_counter ? Fields(counter::kFields) : Fields(kQueueFields)) {
        if (in_state >= field.at && in_state < field.at + field.bytes) return field.name;
    }
    return "state+" + std::to_string(in_state);
}

std::string name_in_chunk(Bytes image, std::uint64_t start, std::uint64_t inside) {
    inside = inside / 8 * 8;
    if (inside < queue::kFirstRecord) return "head of a chunk";
    const bool joinable = header_of(image).kind == 2;
    const queue::RecordLayout shape(joinable);
    for (std::uint64_t at = queue::kFirstRecord; at < queue::kChunkBytes;) {
        const auto head = RecordHead::unpack(word_at(image, start + at));
        if (!head.is(queue::kCommitted)) {
            if (inside == at) return "word behind the last record";
            break;
        }
        if (head.is(queue::kNextChunk)) return inside == at ? "link to a chunk" : "end of a chunk";
        if (inside == at) return "head of a record";
        if (joinable && inside == at + 8) return "lease";
        if (joinable && inside == at + 16) return "link of a returned item";
        at += shape.bytes(head.is(queue::kOutside) ? queue::RecordLayout::kOutsideBytes
                                                   : head.length);
        if (inside < at) return "payload";
    }
    return "beyond the last record";
}

std::string name_in_data(Bytes image, std::uint64_t offset) {
    const std::uint64_t data = header_of(image).data_offset;
    const std::uint64_t wanted = (offset - data) / shm::kUnitBytes;
    for (std::uint64_t unit = 0; unit < header_of(image).units_max;) {
        const Block block = Block::unpack(word_at(image, shm::kTableOffset + unit * 8));
        if (block.units == 0) break;
        if (wanted < unit + block.units) {
            const std::uint64_t start = data + unit * shm::kUnitBytes;
            if (block.state == BlockState::chunk) {
                return name_in_chunk(image, start, offset - start);
            }
            return block.state == BlockState::free ? "free block" : "block";
        }
        unit += block.units;
    }
    return "beyond the last block";
}

std::uint64_t size_of(const os::Handle& file) {
    os::FileIdentity identity;
    std::uint64_t size = 0;
    if (os::identify(file, identity, size)) fail("no identity");
    return size;
}

std::string name_of_change(const Image& before, const Image& after, std::uint64_t word) {
    // Of two fields of 4 bytes in one word, the one that has changed.
    const auto low = [&](const Image& image) {
        return static_cast<std::uint32_t>(word_at(image, word));
    };
    return name_of_word(after, low(before) == low(after) ? word + 4 : word);
}

}  // namespace

SegmentView::SegmentView(os::Handle file) : file_(std::move(file)) {
    os::Mapping head;
    if (os::Mapping::map(file_, shm::kTableOffset, head)) fail("no mapping");
    const auto& header = *reinterpret_cast<const shm::SegmentHeader*>(head.base());
    if (os::Mapping::map(file_, header.total_bytes, mapping_)) fail("no mapping");
    refresh();
}

std::span<std::byte> SegmentView::now() const { return {mapping_.base(), size_of(file_)}; }

void SegmentView::restore(const Image& image) const {
    std::memcpy(mapping_.base(), image.data(), image.size());
}

bool SegmentView::refresh() {
    const auto bytes = now();
    const bool same = bytes.size() == image_.size() &&
                      std::memcmp(bytes.data(), image_.data(), bytes.size()) == 0;
    if (same) return false;
    before_.swap(image_);
    image_.assign(bytes.begin(), bytes.end());
    return true;
}

void SegmentView::fill_slots_from(std::uint32_t first) {
#ifdef _WIN32
    os::FileIdentity identity;
    std::uint64_t size = 0;
    if (os::identify(file_, identity, size)) fail("no identity");
    for (std::uint64_t slot = first; slot < shm::kParticipantsMax; ++slot) {
        os::ByteLock lock;
        const auto at = shm::kRegistryOffset + slot * sizeof(shm::ParticipantSlot);
        if (os::ByteLock::try_lock(file_, identity, at, lock)) fail("no lock");
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
    if (::fcntl(crowd_.get(), F_OFD_SETLK, &request) != 0) fail("no lock");
#endif
    for (std::uint32_t slot = first; slot < shm::kParticipantsMax; ++slot) {
        participant(slot).state.store(shm::kJoined);
    }
    header().participants_end.store(shm::kParticipantsMax);
}

std::uint32_t SegmentView::bytes_left_in_chunk() const {
    return queue::kChunkBytes - queue::Position::unpack(state().tail.position.load()).offset;
}
bool SegmentView::head_is_at_the_beginning() const {
    return queue::Position::unpack(state().head.position.load()).offset == queue::kFirstRecord;
}

os::Handle file_with(const Image& image) {
    os::Handle file;
    os::Mapping mapping;
    const bool failed = os::create_memory_file("procession", std::uint64_t{1} << 40, file) ||
                        os::allocate(file, 0, image.size()) ||
                        os::Mapping::map(file, image.size(), mapping);
    if (failed) fail("no memory for a copy");
    std::memcpy(mapping.base(), image.data(), image.size());
    return file;
}

std::size_t record_overhead(bool joinable) { return queue::RecordLayout(joinable).payload_at(); }
std::size_t largest_in_the_log() { return queue::RecordLayout::kInlineMax; }
std::uint64_t bytes_of_an_empty_queue() { return queue::kChunkBytes; }

std::string name_of_word(Bytes image, std::uint64_t offset) {
    if (offset < shm::kObjectOffset) return "segment header";
    if (offset < shm::kRegistryOffset) return name_in_state(image, offset);
    if (offset < shm::kDeathsOffset) return "participant";
    if (offset < shm::kTableOffset) return "record of deaths";
    if (offset < header_of(image).data_offset) return "unit table";
    return name_in_data(image, offset);
}

std::vector<std::uint64_t> words_between(const Image& before, const Image& after) {
    std::vector<std::uint64_t> words;
    constexpr std::uint64_t kPage = 4096;
    for (std::uint64_t page = 0; page < after.size(); page += kPage) {
        const std::uint64_t end = std::min<std::uint64_t>(page + kPage, after.size());
        const bool same =
            end <= before.size() && std::memcmp(&before[page], &after[page], end - page) == 0;
        if (same) continue;
        for (std::uint64_t at = page; at < end; at += 8) {
            if (word_at(before, at) != word_at(after, at)) words.push_back(at);
        }
    }
    return words;
}

std::vector<Store> stores_between(const Image& before, const Image& after) {
    std::vector<Store> stores;
    for (const std::uint64_t word : words_between(before, after)) {
        stores.push_back({word, name_of_change(before, after, word)});
    }
    return stores;
}

std::string show(const std::vector<Store>& stores) {
    if (stores.empty()) return "no store";
    std::string text = stores.front().name + " (at " + std::to_string(stores.front().offset) + ")";
    if (stores.size() > 1) text += " and " + std::to_string(stores.size() - 1) + " words more";
    return text;
}

}  // namespace procession::death
