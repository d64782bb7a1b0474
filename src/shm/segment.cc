// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "shm/segment.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/logging.h"
#include "base/step.h"
#include "procession/error.h"

namespace procession::inline v0::detail::shm {

namespace {

constexpr std::string_view kFile = "shared memory";

// The value that is checked is the value that is used, whatever another process writes meanwhile:
// the compiler may not read it again.
template <class Number>
Number read_once(Number& shared) noexcept {
    return std::atomic_ref(shared).load(std::memory_order_relaxed);
}

// Names and signatures go into logs and errors, which people read on a terminal: bytes that could
// give the terminal orders are replaced.
bool is_control(char letter) {
    const auto code = static_cast<unsigned char>(letter);
    return code < 0x20 || code == 0x7f;
}

[[noreturn]] void refuse(std::error_code code, std::string_view operation,
                         const std::string& message) {
    const bool memory = code == std::errc::not_enough_memory || code == std::errc::file_too_large;
    if (memory) throw MemoryError(code, operation, kFile, message);
    throw OSError(code, operation, kFile, message);
}

void map_whole(const os::Handle& file, std::uint64_t bytes, std::string_view operation,
               os::Mapping& mapping, os::MapFor use = os::MapFor::writing) {
    const std::error_code failed = os::Mapping::map(file, bytes, mapping, use);
    if (!failed) return;
    refuse(failed, operation,
           "cannot map " + std::to_string(bytes) +
               " bytes of address space; lower memory_limit, or raise the address space limit "
               "(ulimit -v)");
}

}  // namespace

Segment Segment::create(const SegmentPlan& plan) {
    const std::uint64_t units = (plan.memory_limit + kUnitBytes - 1) / kUnitBytes;
    Segment made;
    made.units_max_ = static_cast<std::uint32_t>(std::min(units, kUnitsLimit));
    made.data_offset_ = data_offset_for(made.units_max_);
    const std::uint64_t total = made.data_offset_ + std::uint64_t{made.units_max_} * kUnitBytes;

    std::error_code failed = os::create_memory_file("procession", total, made.file_);
    if (failed) refuse(failed, "create", "cannot create a memory file");
    PROCESSION_STEP("segment.made");
    failed = os::allocate(made.file_, 0, kTableOffset);
    if (failed) refuse(failed, "create", "cannot allocate the first memory");
    PROCESSION_STEP("segment.allocated");
    std::uint64_t size = 0;
    failed = os::identify(made.file_, made.identity_, size);
    if (failed) refuse(failed, "create", "cannot identify the memory file");
    map_whole(made.file_, total, "create", made.mapping_);

    SegmentHeader& header = made.header();
    header.layout_version = kLayoutVersion;
    header.kind = plan.kind;
    header.units_max = made.units_max_;
    header.data_offset = made.data_offset_;
    header.total_bytes = total;
    header.stamp_hash = plan.stamp.hash;
    header.stamp_format = static_cast<std::uint32_t>(plan.stamp.format);
    const std::size_t signature = std::min(plan.stamp.signature.size(), kSignatureMax);
    header.signature_bytes = static_cast<std::uint32_t>(signature);
    plan.stamp.signature.copy(header.signature, signature);
    plan.name.copy(header.name, sizeof header.name - 1);
    PROCESSION_STEP("segment.described");
    header.magic = kMagic;
    PROCESSION_STEP("segment.created");
    made.remember_constants();
    return made;
}

Segment Segment::attach(os::Handle file) {
    Segment made = attach_head(std::move(file), os::MapFor::writing);
    const std::uint64_t total = made.data_offset_ + std::uint64_t{made.units_max_} * kUnitBytes;
    map_whole(made.file_, total, "attach", made.mapping_);
    made.remember_constants();
    return made;
}

Segment Segment::attach_to_read(os::Handle file) {
    Segment made = attach_head(std::move(file), os::MapFor::reading);
    made.remember_constants();
    return made;
}

// With everything mapped that lies before the unit table.
Segment Segment::attach_head(os::Handle file, os::MapFor use) {
    Segment made;
    made.file_ = std::move(file);
    std::uint64_t size = 0;
    const std::error_code failed = os::identify(made.file_, made.identity_, size);
    if (failed) refuse(failed, "attach", "cannot identify the memory file");
    const char* why = os::why_not_memory_file(made.file_, use);
    // Another version may have less before its table.
    if (why == nullptr && size < kObjectOffset) why = "is too small";
    if (why != nullptr) {
        throw CorruptSegment("attach", kFile,
                             "the handle is no Procession memory: it " + std::string(why));
    }
    map_whole(made.file_, kTableOffset, "attach", made.mapping_, use);
    SegmentHeader& shared = made.header();
    const std::uint64_t magic = read_once(shared.magic);
    const std::uint32_t version = read_once(shared.layout_version);
    const std::uint64_t units = read_once(shared.units_max);
    const std::uint64_t total = read_once(shared.total_bytes);
    if (magic != kMagic) {
        throw CorruptSegment("attach", kFile, "it does not begin with Procession's magic number");
    }
    if (version != kLayoutVersion) {
        throw VersionMismatch("attach", kFile,
                              "it has layout version " + std::to_string(version) +
                                  ", this build reads version " + std::to_string(kLayoutVersion) +
                                  "; run the same Procession in all processes");
    }
    const bool sizes_agree =
        units <= kUnitsLimit && read_once(shared.data_offset) == data_offset_for(units) &&
        total == data_offset_for(units) + units * kUnitBytes && size >= kTableOffset &&
        size <= total && read_once(shared.signature_bytes) <= kSignatureMax;
    if (!sizes_agree) throw CorruptSegment("attach", kFile, "its sizes contradict each other");
    made.units_max_ = static_cast<std::uint32_t>(units);
    made.data_offset_ = data_offset_for(units);
    return made;
}

Segment::~Segment() { release(); }

void Segment::release() noexcept {
    // A number that is another part's file by now is not closed. Before the identity is known, the
    // number is taken for ours.
    const bool is_known = identity_ != os::FileIdentity{};
    if (file_.valid() && is_known && !has_file()) static_cast<void>(file_.release());
    file_ = os::Handle();
    const os::Mapping ends_here(std::move(mapping_));
}

void Segment::remember_constants() noexcept {
    std::memcpy(constants_.data(), mapping_.base(), constants_.size());
}

bool Segment::is_intact() const noexcept {
    return std::memcmp(constants_.data(), mapping_.base(), constants_.size()) == 0;
}

std::error_code Segment::allocate_units(std::uint64_t from, std::uint64_t to) noexcept {
    // Otherwise this could write into a file of another part of the program.
    if (!has_file()) return std::make_error_code(std::errc::bad_file_descriptor);
    // The table first: the data lies behind it, so a file that reaches into the data has all of the
    // table's range, of which each part is allocated before the units that it describes.
    const std::uint64_t entry = sizeof(std::uint64_t);
    const std::uint64_t table_from = (kTableOffset + from * entry) / kUnitBytes * kUnitBytes;
    const std::uint64_t table_to = kTableOffset + (to + 1) * entry;
    std::error_code failed = os::allocate(file_, table_from, table_to - table_from);
    if (failed) return failed;
    PROCESSION_STEP("memory.grow.table");
    return os::allocate(file_, data_offset_ + from * kUnitBytes, (to - from) * kUnitBytes);
}

std::error_code Segment::commit_units(std::uint64_t from, std::uint64_t to) noexcept {
    if (!has_file()) return std::make_error_code(std::errc::bad_file_descriptor);
    return os::allocate(file_, data_offset_ + from * kUnitBytes, (to - from) * kUnitBytes);
}

void Segment::decommit_units(std::uint64_t from, std::uint64_t to) noexcept {
    if (from == to || !has_file()) return;
    const std::error_code failed =
        os::decommit(file_, data_offset_ + from * kUnitBytes, (to - from) * kUnitBytes);
    // Memory that the system does not take stays, and is no worse than before.
    if (failed) base::log(LogLevel::debug, "memory is not given back (error %d)", failed.value());
}

std::error_code Segment::committed_bytes(std::uint64_t& bytes) const noexcept {
    std::uint64_t units = 0;
    if (const std::error_code failed = allocated_units(units)) return failed;
    std::uint64_t committed = 0;
    if (const std::error_code failed = os::committed_bytes(file_, committed)) return failed;
    // The file before the data is not sparse, up to the table's entry of the last used unit.
    const std::uint64_t before = kTableOffset + (units + 1) * sizeof(std::uint64_t);
    const std::uint64_t in_units = (before + kUnitBytes - 1) / kUnitBytes * kUnitBytes;
    bytes = std::min(committed > in_units ? committed - in_units : 0, units * kUnitBytes);
    return {};
}

std::error_code Segment::allocated_units(std::uint64_t& units) const noexcept {
    os::FileIdentity identity;
    std::uint64_t size = 0;
    if (const std::error_code failed = os::identify(file_, identity, size)) return failed;
    if (identity != identity_) return std::make_error_code(std::errc::bad_file_descriptor);
    units = size <= data_offset_ ? 0 : (size - data_offset_) / kUnitBytes;
    return {};
}

// From this process's own copy, which never changes after the object has arrived.
TypeStamp Segment::stamp() const {
    const auto copy_of = [this](std::size_t offset, auto& into) {
        std::memcpy(&into, &constants_[offset], sizeof into);
    };
    std::uint32_t format = 0;
    std::uint32_t bytes = 0;
    TypeStamp stamp;
    copy_of(offsetof(SegmentHeader, stamp_format), format);
    copy_of(offsetof(SegmentHeader, stamp_hash), stamp.hash);
    copy_of(offsetof(SegmentHeader, signature_bytes), bytes);
    stamp.format = static_cast<Format>(format);
    stamp.signature = remembered_text(offsetof(SegmentHeader, signature),
                                      std::min<std::size_t>(bytes, kSignatureMax));
    std::ranges::replace_if(stamp.signature, is_control, '?');
    return stamp;
}

Segment::Name Segment::name() const noexcept {
    Name text(remembered_text(offsetof(SegmentHeader, name), sizeof(SegmentHeader::name)));
    text.replace_if(is_control, '?');
    return text;
}

// Up to a zero byte.
std::string_view Segment::remembered_text(std::size_t offset, std::size_t bytes) const noexcept {
    const auto* begin = reinterpret_cast<const char*>(&constants_[offset]);
    return {begin, ::strnlen(begin, bytes)};
}

}  // namespace procession::inline v0::detail::shm
