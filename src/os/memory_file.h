// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <system_error>

#include "os/handle.h"
#include "os/mapping.h"

namespace procession::inline v0::detail::os {

/// The kernel's identity of a file: two handles with equal identities refer to the same memory.
struct FileIdentity {
    std::uint64_t device = 0;
    std::uint64_t inode = 0;
    friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

/// Creates an unnamed file in memory. Only the holders of its handles can reach it, and it vanishes
/// with the last handle (P12). It can grow to `most` bytes and never shrinks under a reader (P14).
[[nodiscard]] std::error_code create_memory_file(const char* name, std::uint64_t most,
                                                 Handle& created) noexcept;

/// Makes [from, from + bytes) exist and backs it with memory now, so that a later access cannot
/// fail.
/// Returns: not_enough_memory when the system, the container or a resource limit has too little.
[[nodiscard]] std::error_code allocate(const Handle& file, std::uint64_t from,
                                       std::uint64_t bytes) noexcept;

/// Returns the memory of [from, from + bytes) to the system. The size of the file stays, and the
/// range can still be read: it is zero. allocate() backs it with memory again.
/// Returns: function_not_supported on Windows, where a mapped section keeps its memory.
[[nodiscard]] std::error_code decommit(const Handle& file, std::uint64_t from,
                                       std::uint64_t bytes) noexcept;
[[nodiscard]] bool can_decommit() noexcept;

[[nodiscard]] std::error_code identify(const Handle& file, FileIdentity& identity,
                                       std::uint64_t& size) noexcept;
/// How many bytes of memory back `file` now; on Windows, its size.
[[nodiscard]] std::error_code committed_bytes(const Handle& file, std::uint64_t& bytes) noexcept;

/// Checks that `file` is open and refers to the file `identity`: another part of the program may
/// have closed the descriptor, and its number may have been reused.
/// Returns: bad_file_descriptor when it does not; another error when the kernel does not tell.
[[nodiscard]] std::error_code refers_to(const Handle& file, const FileIdentity& identity) noexcept;

/// Whether create_memory_file() may have made `file`: it is in ordinary memory, open for that use,
/// and may grow but not shrink. Returns: nullptr if so; otherwise why not, as the end of a sentence
/// whose subject is the file. (On Windows a section is refused that may only be read.)
[[nodiscard]] const char* why_not_memory_file(const Handle& file,
                                              MapFor use = MapFor::writing) noexcept;

/// How many bytes this process can still allocate, in the system and in its container.
[[nodiscard]] std::uint64_t available_memory() noexcept;

}  // namespace procession::inline v0::detail::os
