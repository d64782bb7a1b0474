// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "contestants.h"

namespace procession::bench {

inline constexpr const char* kBoostName = "Boost message_queue";
inline constexpr const char* kRingName = "ring, robust mutex";
inline constexpr const char* kBareRingName = "bare SPSC ring (limit)";
inline constexpr const char* kPosixName = "POSIX mq";
inline constexpr const char* kPipeName = "pipe";
inline constexpr const char* kSeqpacketName = "SOCK_SEQPACKET";
inline constexpr const char* kZeroMqName = "ZeroMQ PUSH/PULL";

// Each returns nothing for a case that is not the peer's, and where the peer is missing.

/// boost::interprocess::message_queue of `capacity` messages.
[[nodiscard]] std::unique_ptr<Contestant> make_boost(const Case& which);
/// The bounded buffer of the textbooks, RobustRing, of `capacity` items.
[[nodiscard]] std::unique_ptr<Contestant> make_ring(const Case& which);
/// BareRing of `capacity` items: no peer but a limit. One producer and one consumer only.
[[nodiscard]] std::unique_ptr<Contestant> make_bare_ring(const Case& which);
/// A POSIX message queue as large as any user may make it: 10 messages of up to 8192 bytes.
[[nodiscard]] std::unique_ptr<Contestant> make_posix(const Case& which);
/// A pipe of 1 MiB, or 64 KiB where the system allows no more.
[[nodiscard]] std::unique_ptr<Contestant> make_pipe(const Case& which);
/// A pair of SOCK_SEQPACKET sockets. Not for messages larger than its buffer may be.
[[nodiscard]] std::unique_ptr<Contestant> make_seqpacket(const Case& which);
/// ZeroMQ over ipc://: each consumer binds a PULL socket, each producer connects a PUSH socket to
/// all of them. Half of `capacity` may wait on each side of a connection.
[[nodiscard]] std::unique_ptr<Contestant> make_zeromq(const Case& which);

/// A line for each peer that this build or this system lacks.
[[nodiscard]] std::string missing_peers();

}  // namespace procession::bench
