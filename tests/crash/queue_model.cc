// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crash/queue_model.h"

#include <algorithm>
#include <utility>

namespace procession::testing {

void QueueModel::begin_life() { lives_.emplace_back(); }

void QueueModel::put(int number, bool undecodable) {
    if (shut_down_ || (maxsize_ != 0 && log_.size() >= maxsize_)) return;
    log_.push_back({counts_.put, number, 0, undecodable});
    ++counts_.put;
}

bool QueueModel::pop(Item& item) {
    auto& from = returned_.empty() ? log_ : returned_;
    if (from.empty()) return false;
    ++(returned_.empty() ? counts_.taken : counts_.redelivered);
    item = from.front();
    from.erase(from.begin());
    ++item.deliveries;
    return true;
}

void QueueModel::finish(std::size_t at) {
    ++counts_.finished;
    self().held.erase(self().held.begin() + static_cast<std::ptrdiff_t>(at));
}

void QueueModel::write_letter(const Item& item) {
    letters_.push_back({item.number, item.deliveries});
    ++counts_.dead_lettered;
    if (joinable_) ++counts_.finished;
}

// An item whose holder gave it back or died.
void QueueModel::come_back(Item item) {
    if (drops_everything_) {
        ++counts_.finished;
    } else if (item.deliveries >= max_deliveries_) {
        write_letter(item);
    } else {
        const auto behind =
            std::find_if(returned_.begin(), returned_.end(),
                         [&](const Item& other) { return other.place > item.place; });
        returned_.insert(behind, item);
    }
}

void QueueModel::give_back(std::size_t at) {
    const Item item = self().held[at];
    self().held.erase(self().held.begin() + static_cast<std::ptrdiff_t>(at));
    come_back(item);
}

// Of a dead one. One item at the end of its deliveries becomes a letter; the others get one more.
void QueueModel::take_over_oldest(Life& life) {
    const auto oldest = std::ranges::min_element(life.held, {}, &Item::place);
    Item item = *oldest;
    life.held.erase(oldest);
    const bool is_last = max_deliveries_ > 1 && item.deliveries >= max_deliveries_;
    if (is_last && life.one_is_letter) item.deliveries = max_deliveries_ - 1;
    life.one_is_letter = life.one_is_letter || is_last;
    come_back(item);
}

void QueueModel::bury(Life& life) {
    if (!life.dead || life.buried) return;
    life.buried = true;
    while (!life.held.empty()) take_over_oldest(life);
    if (life.joined && !life.left) ++deaths_;
}

void QueueModel::bury_all() {
    for (Life& life : lives_) bury(life);
}

std::vector<Delivery> QueueModel::drain() {
    std::vector<Delivery> seen;
    Item item;
    while (!drops_everything_ && pop(item)) {
        if (item.undecodable) {
            write_letter(item);
        } else {
            seen.push_back({item.number, item.deliveries});
            if (joinable_) ++counts_.finished;
        }
    }
    return seen;
}

void QueueModel::stage_puts(const Act& act, std::vector<QueueModel>& stages) const {
    QueueModel next = *this;
    for (int i = 0; i < act.count; ++i) {
        next.put(act.number + i, act.verb == Verb::put_undecodable);
        stages.push_back(next);
    }
}

// A plain queue's consumer that dies inside get() has lost what it took. It is counted as lost in
// hand if it died before the queue had settled the taking, which only the library knows: both are
// possible.
void QueueModel::stage_gets(int count, std::vector<QueueModel>& stages) const {
    if (drops_everything_) return;
    QueueModel next = *this;
    Item item;
    for (int i = 1; i <= count; ++i) {
        // An item that waits again comes alone.
        const bool is_over = i > 1 && (item.deliveries > 1 || !next.returned_.empty());
        if (is_over || !next.pop(item)) break;
        if (joinable_) {
            next.self().held.push_back(item);
            next.self().got.push_back({item.number, item.deliveries});
        } else {
            for (int lost = 1; lost <= i; ++lost) {
                stages.push_back(next);
                stages.back().counts_.lost_in_hand += static_cast<std::uint64_t>(lost);
            }
            next.self().got.push_back({item.number, 1});
        }
        stages.push_back(next);
    }
}

void QueueModel::stage_undecodable_get(std::vector<QueueModel>& stages) const {
    QueueModel next = *this;
    Item item;
    if (!next.pop(item)) return;
    if (joinable_) {
        next.self().held.push_back(item);
        stages.push_back(next);
        next.self().held.pop_back();
        next.write_letter(item);
    } else {
        stages.push_back(next);
        ++stages.back().counts_.lost_in_hand;
        stages.push_back(next);
        next.write_letter(item);
    }
    stages.push_back(next);
}

// It is as if it had not been handed out, step by step.
void QueueModel::stage_get_in_vain(std::vector<QueueModel>& stages) const {
    QueueModel next = *this;
    Item item;
    if (!next.pop(item)) return;
    next.self().held.push_back(item);
    stages.push_back(next);
    --next.self().held.back().deliveries;
    stages.push_back(next);
    next.give_back(next.self().held.size() - 1);
    stages.push_back(next);
}

// In which order they are taken is the pool's affair: any part of them may be gone.
void QueueModel::stage_letters(std::vector<QueueModel>& stages) const {
    const std::size_t count = letters_.size();
    for (unsigned gone = 1; gone < (1U << count); ++gone) {
        QueueModel next = *this;
        next.letters_.clear();
        for (std::size_t i = 0; i < count; ++i) {
            if ((gone >> i & 1U) == 0) next.letters_.push_back(letters_[i]);
        }
        stages.push_back(next);
    }
}

// An immediate shutdown takes and drops what is left, one by one.
void QueueModel::stage_drop(std::vector<QueueModel>& stages) const {
    QueueModel next = *this;
    Item item;
    while (next.pop(item)) {
        if (joinable_) {
            next.self().held.push_back(item);
            stages.push_back(next);
            next.finish(next.self().held.size() - 1);
        } else {
            stages.push_back(next);
            ++stages.back().counts_.lost_in_hand;
        }
        stages.push_back(next);
    }
}

// The dead are buried one by one, what each held comes back one by one, the oldest first.
void QueueModel::stage_notice(std::vector<QueueModel>& stages) const {
    QueueModel next = *this;
    for (std::size_t i = 0; i < next.lives_.size(); ++i) {
        if (!next.lives_[i].dead || next.lives_[i].buried) continue;
        while (!next.lives_[i].held.empty()) {
            next.take_over_oldest(next.lives_[i]);
            stages.push_back(next);
        }
        next.bury(next.lives_[i]);
        stages.push_back(next);
    }
}

QueueModel QueueModel::after_held(const Act& act) const {
    QueueModel next = *this;
    const std::size_t count = next.self().held.size();
    if (count == 0) return next;
    switch (act.verb) {
        case Verb::done:
        case Verb::task_done: next.finish(0); break;
        case Verb::done_newest: next.finish(count - 1); break;
        case Verb::give_back: next.give_back(0); break;
        case Verb::give_back_newest: next.give_back(count - 1); break;
        case Verb::reject:
            next.write_letter(next.self().held.front());
            next.self().held.erase(next.self().held.begin());
            break;
        default: break;
    }
    return next;
}

std::vector<QueueModel> QueueModel::stages(const Act& act) const {
    std::vector<QueueModel> stages{*this};
    QueueModel next = *this;
    switch (act.verb) {
        case Verb::put:
        case Verb::put_many:
        case Verb::put_run:
        case Verb::put_loan:
        case Verb::put_undecodable: stage_puts(act, stages); break;
        case Verb::get:
        case Verb::borrow:
        case Verb::get_many: {
            const auto& from = returned_.empty() ? log_ : returned_;
            if (!from.empty() && from.front().undecodable) {
                stage_undecodable_get(stages);
            } else {
                stage_gets(act.count, stages);
            }
            break;
        }
        case Verb::get_in_vain: stage_get_in_vain(stages); break;
        case Verb::take_letters: stage_letters(stages); break;
        case Verb::look: break;
        case Verb::wait_a_little:
        case Verb::notice: stage_notice(stages); break;
        case Verb::join:
            if (drops_everything_ && joinable_) stage_drop(stages);
            break;
        case Verb::shutdown:
            next.shut_down_ = true;
            stages.push_back(next);
            break;
        case Verb::shutdown_now:
            next.shut_down_ = next.drops_everything_ = true;
            stages.push_back(next);
            next.stage_drop(stages);
            break;
        case Verb::close:
            while (!next.self().held.empty()) {
                next.give_back(0);
                stages.push_back(next);
            }
            next.self().left = true;
            stages.push_back(next);
            break;
        default: stages.push_back(after_held(act)); break;
    }
    return stages;
}

}  // namespace procession::testing
