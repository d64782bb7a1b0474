// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "os/byte_lock.h"
#include "os/handle.h"
#include "os/mapping.h"
#include "queue/state.h"
#include "shm/layout.h"

namespace procession::death {

using namespace detail;

/// All bytes of a segment's file at one instant.
using Image = std::vector<std::byte>;

/// The shared memory of an object from outside, by a mapping that no participant knows: to look at
/// it, and to go back to an earlier instant. This file knows the layout; nothing else in
/// tests/death does.
///
/// All references in a segment are offsets, and the kernel tells which process lives. So what a
/// death has left behind can be put back as often as one likes, to let another process die at
/// another step of repairing it, without the first death happening again.
class SegmentView {
  public:
    explicit SegmentView(os::Handle file);

    /// The bytes as they are now.
    [[nodiscard]] std::span<std::byte> now() const;
    [[nodiscard]] Image save() const { return {now().begin(), now().end()}; }
    /// No process but the caller takes part now, and it holds no lease.
    void restore(const Image& image) const;

    /// Looks at every byte. Whether one has changed since the last look.
    bool refresh();
    /// What was seen at the last look.
    [[nodiscard]] const Image& image() const { return image_; }
    /// What was seen before the last change.
    [[nodiscard]] const Image& before() const { return before_; }

    /// Live participants take all slots from `first` on, as long as this object lives.
    void fill_slots_from(std::uint32_t first);
    [[nodiscard]] const os::Handle& file() const { return file_; }

    [[nodiscard]] shm::SegmentHeader& header() const {
        return *reinterpret_cast<shm::SegmentHeader*>(mapping_.base());
    }
    [[nodiscard]] shm::ParticipantSlot& participant(std::uint32_t slot) const {
        return reinterpret_cast<shm::ParticipantSlot*>(mapping_.base() +
                                                       shm::kRegistryOffset)[slot];
    }

    // Of a queue.
    [[nodiscard]] queue::State& state() const {
        return *reinterpret_cast<queue::State*>(mapping_.base() + shm::kObjectOffset);
    }
    /// Of the log's last chunk, behind the last record.
    [[nodiscard]] std::uint32_t bytes_left_in_chunk() const;
    /// Whether no item was ever taken.
    [[nodiscard]] bool head_is_at_the_beginning() const;

  private:
    os::Handle file_;
    os::Mapping mapping_;
    Image image_;
    Image before_;
#ifdef _WIN32
    std::vector<os::ByteLock> crowd_;
#else
    os::Handle crowd_;
#endif
};

/// A file of its own with these bytes, in which no process holds a lock on its byte: what survivors
/// would find that come after every process has died at the instant of the image.
[[nodiscard]] os::Handle file_with(const Image& image);

/// Bytes of a record in the log with a payload of none.
[[nodiscard]] std::size_t record_overhead(bool joinable);
/// The most that the log takes of a payload; a larger one lies in a block of its own.
[[nodiscard]] std::size_t largest_in_the_log();
/// What an empty queue has in use: the log's current chunk.
[[nodiscard]] std::uint64_t bytes_of_an_empty_queue();

/// A word that changed between two images, by what it means.
struct Store {
    std::uint64_t offset = 0;
    std::string name;
};
/// What a word of the segment is, as far as the image tells.
[[nodiscard]] std::string name_of_word(std::span<const std::byte> image, std::uint64_t offset);
[[nodiscard]] std::vector<std::uint64_t> words_between(const Image& before, const Image& after);
[[nodiscard]] std::vector<Store> stores_between(const Image& before, const Image& after);
/// For messages.
[[nodiscard]] std::string show(const std::vector<Store>& stores);

}  // namespace procession::death
