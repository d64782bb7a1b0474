// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "procession/detail/message.h"
#include "queue_object.h"
#include "references.h"

namespace procession::python {

/// The object in an item's bytes, which stay the caller's.
/// Throws: Raised; DecodeError; SharingError, OSError when its handles cannot be had.
[[nodiscard]] Ref decode(const QueueState& state, const MessageView& item);
/// The same; buffers are not copied but shown where they lie, read-only. `holder` keeps them there.
[[nodiscard]] Ref decode_in_place(const QueueState& state, const MessageView& item,
                                  const std::shared_ptr<const void>& holder);

/// The object of an item that was taken from the queue. An item that decodes to none becomes a dead
/// letter, or waits again where another process may fare better.
/// Throws: Raised: DecodeError, with the failure as its cause; MemoryError, OSError.
[[nodiscard]] Ref receive(const QueueState& state, const MessageView& item);
[[nodiscard]] Ref receive_in_place(const QueueState& state, const MessageView& item,
                                   const std::shared_ptr<const void>& holder);

/// `loads` is pickle.loads.
void use_unpickler(PyObject* loads);

}  // namespace procession::python
