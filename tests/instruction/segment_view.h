// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "os/handle.h"
#include "os/mapping.h"
#include "procession/byte_queue.h"

namespace procession::instruction {

/// All bytes of a segment's file at one instant.
using Image = std::vector<std::byte>;

/// The type of all queues here.
[[nodiscard]] const TypeStamp& type_stamp();

/// The shared memory of a queue, looked at from outside: by a mapping that no participant knows.
class SegmentView {
  public:
    explicit SegmentView(const ByteQueue& queue);

    /// Looks at every byte. Whether one has changed since the last look.
    bool refresh();
    /// What was seen at the last look.
    [[nodiscard]] const Image& image() const { return image_; }
    /// What was seen before the last change.
    [[nodiscard]] const Image& before() const { return before_; }
    /// The bytes as they are now.
    [[nodiscard]] std::span<const std::byte> now() const;

  private:
    os::Handle file_;
    os::Mapping mapping_;
    Image image_;
    Image before_;
};

/// The queue as a survivor would find it who comes after everybody died at the instant of the
/// image: in a file of its own, in which nobody holds a lock on his byte.
[[nodiscard]] ByteQueue resurrect(const Image& image, QueueKind kind);

/// How many participants the image names.
[[nodiscard]] std::uint64_t participants_in(const Image& image);

}  // namespace procession::instruction
