// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <system_error>

#include "os/handle.h"

namespace procession::os {

/// What the kernel calls a file: two handles with equal identities are handles to the same memory.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// An unnamed file in memory, private to the holders of its handles, gone with the last of them
/// (P12). It can grow, up to `most` bytes, but never shrink under a reader (P14).
[[nodiscard]] std::error_code create_memory_file(const char* name, std::uint64_t most,
                                                 Handle& created) noexcept;

/// Makes [from, from + bytes) exist and be backed by memory now, so that touching it later cannot
/// fail. not_enough_memory when the system, its container or a resource limit has too little.
[[nodiscard]] std::error_code allocate(const Handle& file, std::uint64_t from,
                                       std::uint64_t bytes) noexcept;

/// Gives the memory behind [from, from + bytes) back to the system. The size of the file stays, and
/// the range can still be touched: it is zero. allocate() commits memory for it again.
/// Returns: function_not_supported on Windows, where a section that is mapped keeps what it has.
[[nodiscard]] std::error_code decommit(const Handle& file, std::uint64_t from,
                                       std::uint64_t bytes) noexcept;
[[nodiscard]] bool can_decommit() noexcept;

[[nodiscard]] std::error_code identify(const Handle& file, FileIdentity& identity,
                                       std::uint64_t& size) noexcept;
/// Bytes of memory that the system keeps for `file` now: on Windows, its size.
[[nodiscard]] std::error_code committed_bytes(const Handle& file, std::uint64_t& bytes) noexcept;

/// Whether `file` is open and leads to the file `identity`: another part of the program may have
/// closed the descriptor, and its number may be something else's since.
/// Returns: bad_file_descriptor when it does not; another error when the kernel does not tell.
[[nodiscard]] std::error_code leads_to(const Handle& file, const FileIdentity& identity) noexcept;

/// Whether `file` can be one that create_memory_file() has made: ordinary memory, open for reading
/// and writing, which may grow and not shrink.
/// Returns: nullptr when it can; otherwise why it cannot, as an end of a sentence about it.
[[nodiscard]] const char* why_no_memory_file(const Handle& file) noexcept;

/// Bytes that this process could still allocate: what the system has, capped by its container.
[[nodiscard]] std::uint64_t available_memory() noexcept;

}  // namespace procession::os
