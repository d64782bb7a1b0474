// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/queue_observer.h"

#include <string>
#include <utility>

#include "procession/error.h"
#include "queue/observation.h"
#include "shm/corrupt.h"

namespace procession::inline v0::detail::queue {

QueueObserver::QueueObserver(os::Handle file)
    : Observer(std::move(file)), kind_(kind_of(segment())) {}

template <class Read>
auto QueueObserver::refusing_corruption(const char* operation, Read read) const {
    try {
        return read();
    } catch (const shm::Corrupt& corrupt) {
        throw CorruptSegment(operation, name(),
                             std::string("the shared memory is corrupt: ") + corrupt.what);
    }
}

QueueStats QueueObserver::stats() const {
    return refusing_corruption("stats", [this] {
        Waiting waiting;
        static_cast<void>(read_waiting(memory_.state, waiting));
        return read_stats(memory_, segment(), death_log(), waiting);
    });
}

std::vector<Death> QueueObserver::deaths(std::uint64_t since) const {
    return refusing_corruption("deaths", [&] { return read_deaths(death_log(), since); });
}

}  // namespace procession::inline v0::detail::queue
