// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/fixed_string.h"
#include "os/handle.h"
#include "os/mapping.h"
#include "os/memory_file.h"
#include "procession/detail/codec/format.h"
#include "shm/layout.h"

namespace procession::inline v0::detail::shm {

/// What is stored in a new segment.
struct SegmentPlan {
    std::uint32_t kind = 0;
    std::uint64_t memory_limit = 0;  // bytes of the data area, at most
    TypeStamp stamp;
    std::string_view name;
};

/// This process's view of one piece of shared memory: mapped to its greatest size, backed by memory
/// as far as it was allocated. Attaching validates magic, version and every size (P11, P13).
class Segment {
  public:
    using Name = base::FixedString<sizeof(SegmentHeader::name)>;

    /// Throws: MemoryError, OSError.
    [[nodiscard]] static Segment create(const SegmentPlan& plan);
    /// Throws: VersionMismatch, CorruptSegment, OSError.
    [[nodiscard]] static Segment attach(os::Handle file);
    /// Only what lies before the unit table, and only to read: table() and data() are not there.
    /// On Linux the handle need not allow more. Throws: as attach().
    [[nodiscard]] static Segment attach_to_read(os::Handle file);
    Segment(Segment&&) noexcept = default;
    Segment& operator=(Segment&&) noexcept = default;
    Segment(const Segment&) = delete;
    Segment& operator=(const Segment&) = delete;
    ~Segment();

    [[nodiscard]] SegmentHeader& header() const noexcept {
        return *reinterpret_cast<SegmentHeader*>(mapping_.base());
    }
    /// Slots of participants from this one on were never used.
    [[nodiscard]] std::uint32_t slots_used() const noexcept {
        return std::min(header().participants_end.load(), kParticipantsMax);
    }
    [[nodiscard]] std::byte* object() const noexcept { return mapping_.base() + kObjectOffset; }
    [[nodiscard]] ParticipantSlot& participant(std::uint32_t slot) const noexcept {
        return reinterpret_cast<ParticipantSlot*>(mapping_.base() + kRegistryOffset)[slot];
    }
    [[nodiscard]] std::byte* deaths() const noexcept { return mapping_.base() + kDeathsOffset; }
    [[nodiscard]] std::atomic<std::uint64_t>* table() const noexcept {
        return reinterpret_cast<std::atomic<std::uint64_t>*>(mapping_.base() + kTableOffset);
    }
    [[nodiscard]] std::byte* data() const noexcept { return mapping_.base() + data_offset_; }
    [[nodiscard]] std::uint32_t units_max() const noexcept { return units_max_; }

    /// Whether this process still has the descriptor: another part of the program may have closed
    /// it (closefrom), and its number may be another file's since. The memory stays mapped.
    /// True when the kernel does not tell.
    [[nodiscard]] bool has_file() const noexcept {
        return os::refers_to(file_, identity_) != std::errc::bad_file_descriptor;
    }

    /// Makes units [from, to) of the data area, and their part of the table, usable.
    /// Returns: bad_file_descriptor without has_file().
    [[nodiscard]] std::error_code allocate_units(std::uint64_t from, std::uint64_t to) noexcept;
    /// Commits memory again behind units that were decommitted.
    /// Returns: bad_file_descriptor without has_file().
    [[nodiscard]] std::error_code commit_units(std::uint64_t from, std::uint64_t to) noexcept;
    /// Gives the memory behind units of the data area back to the system, where that can be done.
    void decommit_units(std::uint64_t from, std::uint64_t to) noexcept;
    /// Lets go of the memory and of the descriptor: from now on only what was read from the header
    /// before is known (identity(), name(), stamp()).
    void release() noexcept;
    /// Whether the constants in the header are still what they were when this process attached.
    [[nodiscard]] bool is_intact() const noexcept;
    /// Units that the file holds now, whichever process allocated them.
    [[nodiscard]] std::error_code allocated_units(std::uint64_t& units) const noexcept;

    /// Bytes of the data area that have memory now.
    [[nodiscard]] std::error_code committed_bytes(std::uint64_t& bytes) const noexcept;

    [[nodiscard]] const os::Handle& file() const noexcept { return file_; }
    [[nodiscard]] os::FileIdentity identity() const noexcept { return identity_; }
    [[nodiscard]] Name name() const noexcept;
    [[nodiscard]] TypeStamp stamp() const;

    [[nodiscard]] bool is_poisoned() const noexcept {
        return header().poisoned.load(std::memory_order_relaxed) != 0;  // relaxed: a lone flag
    }
    void poison() const noexcept { header().poisoned.store(1, std::memory_order_relaxed); }

  private:
    Segment() = default;
    [[nodiscard]] static Segment attach_head(os::Handle file, os::MapFor use);
    void remember_constants() noexcept;
    [[nodiscard]] std::string_view remembered_text(std::size_t offset,
                                                   std::size_t bytes) const noexcept;

    os::Handle file_;
    os::FileIdentity identity_;
    os::Mapping mapping_;
    std::uint64_t data_offset_ = 0;
    std::uint32_t units_max_ = 0;
    std::array<std::byte, kConstantBytes> constants_{};
};

}  // namespace procession::inline v0::detail::shm
