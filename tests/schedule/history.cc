// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "schedule/history.h"

#include <algorithm>
#include <iterator>

namespace procession::schedule {

namespace {

struct Item {
    int name = 0;
    int holder = -1;
    unsigned number = 0;  // in the order of the puts
};

bool older(const Item& a, const Item& b) { return a.number < b.number; }

/// A queue that does one thing after the other, and knows nothing of processes.
class SequentialQueue {
  public:
    explicit SequentialQueue(const QueueRules& rules) : rules_(rules) {}

    /// Whether this call, answered so, can happen now; then it has.
    bool admits(const Call& call) {
        switch (call.verb) {
            case Verb::put: return put(call);
            case Verb::get: return get(call);
            case Verb::finish:
            case Verb::reject: return finish(call);
            case Verb::give_back: return give_back(call);
            case Verb::join: return put_ == finished_;
            case Verb::shut_down: return is_shut_ = true;
            case Verb::size:
                return static_cast<std::size_t>(call.value) == log_.size() + returned_.size();
            case Verb::unfinished: return static_cast<unsigned>(call.value) == put_ - finished_;
            case Verb::leave: return take_over(call.process);
        }
        return false;
    }

  private:
    bool put(const Call& call) {
        if (call.ending == Ending::shut_down) return is_shut_;
        const bool is_full = rules_.maxsize != 0 && log_.size() >= rules_.maxsize;
        if (call.ending == Ending::empty) return is_full;
        if (is_shut_ || is_full) return false;
        log_.push_back({call.value, -1, ++put_});
        return true;
    }
    bool get(const Call& call) {
        if (call.ending == Ending::gave_up) return true;
        const bool is_empty = log_.empty() && returned_.empty();
        if (call.ending == Ending::empty) return is_empty;
        if (call.ending == Ending::shut_down) return is_empty && is_shut_;
        if (is_empty) return false;
        // Who comes back is first.
        std::vector<Item>& from = returned_.empty() ? log_ : returned_;
        Item item = from.front();
        // Of a call that never returned, nobody knows which item it was.
        if (call.ending == Ending::done && item.name != call.value) return false;
        from.erase(from.begin());
        item.holder = call.process;
        if (rules_.joinable) held_.push_back(item);
        return true;
    }
    bool finish(const Call& call) {
        const auto found = find_held(call);
        if (found == held_.end()) return false;
        held_.erase(found);
        ++finished_;
        return true;
    }
    bool give_back(const Call& call) {
        const auto found = find_held(call);
        if (found == held_.end()) return false;
        returned_.push_back(*found);
        held_.erase(found);
        std::sort(returned_.begin(), returned_.end(), older);
        return true;
    }
    bool take_over(int process) {
        const auto rest = std::stable_partition(
            held_.begin(), held_.end(), [&](const Item& item) { return item.holder != process; });
        std::copy(rest, held_.end(), std::back_inserter(returned_));
        held_.erase(rest, held_.end());
        std::sort(returned_.begin(), returned_.end(), older);
        return true;
    }
    std::vector<Item>::iterator find_held(const Call& call) {
        return std::find_if(held_.begin(), held_.end(), [&](const Item& item) {
            return item.name == call.value && item.holder == call.process;
        });
    }

    QueueRules rules_;
    std::vector<Item> log_;
    std::vector<Item> returned_;
    std::vector<Item> held_;
    unsigned put_ = 0;
    unsigned finished_ = 0;
    bool is_shut_ = false;
};

bool must_precede(const Call& a, const Call& b) {
    if (a.end != 0) return a.end < b.begin;
    // What has not happened when its caller is taken over will not happen any more.
    return a.process == b.process && a.begin < b.begin;
}

/// Whether the calls that are left can follow, in some order.
bool can_follow(const SequentialQueue& queue, const std::vector<Call>& left) {
    const bool is_explained =
        std::none_of(left.begin(), left.end(), [](const Call& call) { return call.end != 0; });
    if (is_explained) return true;
    for (std::size_t i = 0; i < left.size(); ++i) {
        const bool is_next = std::none_of(left.begin(), left.end(), [&](const Call& other) {
            return must_precede(other, left[i]) && other.end != 0;
        });
        if (!is_next) continue;
        SequentialQueue after = queue;
        std::vector<Call> rest = left;
        rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(i));
        // A call that never returned is over when a later one of its process has happened.
        std::erase_if(rest, [&](const Call& other) {
            return other.end == 0 && must_precede(other, left[i]);
        });
        if (after.admits(left[i]) && can_follow(after, rest)) return true;
    }
    return false;
}

const char* name_of(Verb verb) {
    constexpr const char* names[] = {"put",  "get",       "finish", "give_back",  "reject",
                                     "join", "shut_down", "size",   "unfinished", "leave"};
    return names[static_cast<std::size_t>(verb)];
}

const char* name_of(Ending ending) {
    constexpr const char* names[] = {"open", "done", "empty", "shut down", "gave up"};
    return names[static_cast<std::size_t>(ending)];
}

}  // namespace

bool History::is_explained_by(const QueueRules& rules) const {
    return can_follow(SequentialQueue(rules), calls_);
}

std::string History::text() const {
    std::string text;
    for (const Call& call : calls_) {
        text += "  P" + std::to_string(call.process) + " " + name_of(call.verb) + " " +
                std::to_string(call.value) + ": " + name_of(call.ending) + " [" +
                std::to_string(call.begin) + ", " +
                (call.end == 0 ? "never" : std::to_string(call.end)) + "]\n";
    }
    return text;
}

}  // namespace procession::schedule
