// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "support/segment_bytes.h"

#include <stdexcept>

#include "os/memory_file.h"

namespace procession::testing {

using namespace detail;

void SegmentBytes::map(os::NativeHandle file) {
    const os::Handle own = os::Handle::duplicate_of(file);
    os::FileIdentity identity;
    if (os::identify(own, identity, bytes_) || os::Mapping::map(own, bytes_, mapping_)) {
        throw std::runtime_error("cannot map the memory of a queue");
    }
}

}  // namespace procession::testing
