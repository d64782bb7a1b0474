// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/endpoint_table.h"

#include <map>
#include <mutex>
#include <utility>

#include "os/at_fork.h"
#include "procession/error.h"

namespace procession::connection {

namespace {

/// The lock is held across forks, so the child finds the table whole.
///
/// Invariant: no endpoint is made or destroyed under the lock: that takes the lock of the fork
/// listeners, which comes first.
class EndpointTable final : public os::ForkListener {
  public:
    using Key = std::pair<std::uint64_t, std::uint64_t>;

    // Never destroyed: connections with static lifetime may go after any static of ours.
    static EndpointTable& of_this_process() {
        static auto* const only = new EndpointTable;
        return *only;
    }

    std::shared_ptr<Endpoint> find(const Key& key) {
        const std::lock_guard guard(lock_);
        const auto found = endpoints_.find(key);
        return found != endpoints_.end() ? found->second.first.lock() : nullptr;
    }
    /// Returns: the one that is there already, or `made`, which is now.
    std::shared_ptr<Endpoint> find_or_add(const Key& key, const std::shared_ptr<Endpoint>& made) {
        const std::lock_guard guard(lock_);
        auto& place = endpoints_[key];
        if (auto known = place.first.lock()) return known;
        place = {made, made.get()};
        return made;
    }
    void remove(const Key& key, const Endpoint* endpoint) noexcept {
        const std::lock_guard guard(lock_);
        const auto found = endpoints_.find(key);
        if (found != endpoints_.end() && found->second.second == endpoint) endpoints_.erase(found);
    }

    void before_fork() noexcept override { lock_.lock(); }
    void after_fork_in_parent() noexcept override { lock_.unlock(); }
    void after_fork_in_child() noexcept override { lock_.unlock(); }

  private:
    EndpointTable() noexcept { start_listening(); }

    std::mutex lock_;
    std::map<Key, std::pair<std::weak_ptr<Endpoint>, const Endpoint*>> endpoints_;
};

// Made before main: a fork child must never wait for a thread of its parent that was just making
// it.
[[maybe_unused]] const EndpointTable& made_early = EndpointTable::of_this_process();

}  // namespace

void forget(const os::FileIdentity& identity, const Endpoint* endpoint) noexcept {
    EndpointTable::of_this_process().remove({identity.device, identity.inode}, endpoint);
}

std::shared_ptr<Endpoint> Endpoint::adopt(os::Handle end, bool readable, bool writable,
                                          std::string_view label) {
    os::FileIdentity identity;
    if (const auto problem = os::identify_end(end, label, identity))
        throw OSError(problem, "adopt", "connection", "it is not open");
    auto& table = EndpointTable::of_this_process();
    const EndpointTable::Key key{identity.device, identity.inode};
    for (;;) {
        if (auto known = table.find(key)) {
            if (known->keep(end)) return known;
        }
        os::Stream stream;
        if (const auto problem = os::Stream::open(end, label, stream))
            throw OSError(problem, "adopt", "connection", "it is no end of a connection");
        auto made = std::make_shared<Endpoint>(std::move(stream), identity, readable, writable);
        if (table.find_or_add(key, made) == made) return made;
        // Another thread has been faster, with another handle to the same end.
        end = made->stream_.release();
    }
}

}  // namespace procession::connection
