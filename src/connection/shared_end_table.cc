// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "connection/shared_end_table.h"

#include <map>
#include <memory>
#include <mutex>
#include <utility>

#include "base/process_singleton.h"
#include "os/at_fork.h"
#include "procession/error.h"

namespace procession::inline v0::detail::connection {

namespace {

/// Invariant: no SharedEnd is constructed or destroyed under the lock. That would take the lock of
/// the fork listeners, which comes first.
class SharedEndTable final : public os::LockedAcrossForks {
  public:
    using Key = std::pair<std::uint64_t, std::uint64_t>;

    static SharedEndTable& of_this_process() {
        return base::ProcessSingleton<SharedEndTable>::instance();
    }

    std::shared_ptr<SharedEnd> find(const Key& key) {
        const std::lock_guard guard(lock_);
        const auto found = ends_.find(key);
        return found != ends_.end() ? found->second.end.lock() : nullptr;
    }
    /// Returns: the end that is in the table already, or `made`, which is added.
    std::shared_ptr<SharedEnd> find_or_add(const Key& key, const std::shared_ptr<SharedEnd>& made) {
        const std::lock_guard guard(lock_);
        Entry& entry = ends_[key];
        if (auto existing = entry.end.lock()) return existing;
        entry = {made, made.get()};
        return made;
    }
    void remove(const Key& key, const SharedEnd* end) noexcept {
        const std::lock_guard guard(lock_);
        const auto found = ends_.find(key);
        if (found != ends_.end() && found->second.address == end) ends_.erase(found);
    }

  private:
    friend class base::ProcessSingleton<SharedEndTable>;
    SharedEndTable() noexcept { start_listening(); }

    struct Entry {
        std::weak_ptr<SharedEnd> end;
        const SharedEnd* address = nullptr;  // still known while the end is being destroyed
    };
    std::map<Key, Entry> ends_;
};

}  // namespace

void remove_shared_end(const os::FileIdentity& identity, const SharedEnd* end) noexcept {
    SharedEndTable::of_this_process().remove({identity.device, identity.inode}, end);
}

std::shared_ptr<SharedEnd> SharedEnd::adopt(os::Handle end, bool readable, bool writable,
                                            std::string_view label) {
    os::FileIdentity identity;
    if (const auto problem = os::identify_end(end, label, identity))
        throw OSError(problem, "adopt", "connection", "it is not open");
    auto& table = SharedEndTable::of_this_process();
    const SharedEndTable::Key key{identity.device, identity.inode};
    for (;;) {
        if (auto existing = table.find(key)) {
            if (existing->adopt_duplicate(end)) return existing;
        }
        os::Stream stream;
        if (const auto problem = os::Stream::open(end, label, stream))
            throw OSError(problem, "adopt", "connection", "it is not an end of a connection");
        auto made = std::make_shared<SharedEnd>(std::move(stream), identity, readable, writable);
        if (table.find_or_add(key, made) == made) return made;
        // Another thread was faster, with another handle to the same end.
        end = made->stream_.release();
    }
}

}  // namespace procession::inline v0::detail::connection
