// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "queue/lease_books.h"

#include <algorithm>
#include <cstddef>
#include <unordered_map>

#include "os/thread_end.h"

namespace procession::inline v0::detail::queue {

/// The books of one thread, by the ids of their queues.
struct LeaseBooks::Shelf {
    struct Place {
        std::weak_ptr<const char> queue;
        LeaseBook book;
    };
    static constexpr std::size_t kCleanedAtLeast = 16;

    std::unordered_map<std::uint64_t, Place> places;  // they stay where they are
    std::size_t cleaned_at = kCleanedAtLeast;

    /// Throws away the books of queues that are gone. Done when there are twice as many books as
    /// were left the last time, so that it costs each new book the same.
    void clean() {
        std::erase_if(places, [](const auto& each) { return each.second.queue.expired(); });
        cleaned_at = std::max(kCleanedAtLeast, places.size() * 2);
    }
};

void LeaseBooks::forget_ended_thread(void* shelf) noexcept {
    delete static_cast<Shelf*>(shelf);
    if constexpr (os::thread_locals_outlive_threads) {
        shelf_ = nullptr;
        last_ = nullptr;
        last_id_ = 0;
    }
}

LeaseBook& LeaseBooks::look_for_book() {
    if (shelf_ == nullptr) {
        auto fresh = std::make_unique<Shelf>();
        os::at_thread_end(forget_ended_thread, fresh.get());
        shelf_ = fresh.release();
    }
    if (shelf_->places.size() >= shelf_->cleaned_at) shelf_->clean();
    const auto [place, is_new] = shelf_->places.try_emplace(id_);
    if (is_new) place->second.queue = queue_;
    last_ = &place->second.book;
    last_id_ = id_;
    return *last_;
}

}  // namespace procession::inline v0::detail::queue
