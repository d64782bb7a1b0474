// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/endpoint_table.h"

#include <map>
#include <mutex>
#include <utility>

#include "base/process_singleton.h"
#include "os/at_fork.h"
#include "procession/error.h"

namespace procession::connection {

namespace {

/// Invariant: no endpoint is made or destroyed under the lock: that takes the lock of the fork
/// listeners, which comes first.
class EndpointTable final : public os::LockedAcrossForks {
  public:
    using Key = std::pair<std::uint64_t, std::uint64_t>;

    static EndpointTable& of_this_process() {
        return base::ProcessSingleton<EndpointTable>::instance();
    }

    std::shared_ptr<Endpoint> find(const Key& key) {
        const std::lock_guard guard(lock_);
        const auto found = endpoints_.find(key);
        return found != endpoints_.end() ? found->second.first.lock() : nullptr;
    }
    /// Returns: the one that is there already, or `made`, which is added.
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

  private:
    friend class base::ProcessSingleton<EndpointTable>;
    EndpointTable() noexcept { start_listening(); }

    std::map<Key, std::pair<std::weak_ptr<Endpoint>, const Endpoint*>> endpoints_;
};

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
