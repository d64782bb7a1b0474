// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "instruction/model.h"

#include <algorithm>

#include "instruction/payload.h"

namespace procession::instruction {

void Model::put(const Thing& thing) {
    log_.push_back({thing, put_, 0});
    ++put_;
}

bool Model::get(int holder) {
    if (shut_ == Shut::at_once || (returned_.empty() && log_.empty())) return false;
    auto& from = returned_.empty() ? log_ : returned_;
    ++(returned_.empty() ? taken_ : redelivered_);
    Item item = from.front();
    from.erase(from.begin());
    ++item.deliveries;
    if (item.thing.number != kFiller) got_.emplace_back(holder, item.thing.number);
    if (limits_.joinable) held_.push_back({item, holder});
    return true;
}

bool Model::release(const Change& change, Item& item) {
    std::vector<std::size_t> own;
    for (std::size_t i = 0; i < held_.size(); ++i) {
        if (held_[i].holder == change.holder) own.push_back(i);
    }
    // close() and a repair give back first what was put first.
    if (change.pick == Change::kFirstPut && !own.empty()) {
        std::sort(own.begin(), own.end(), [&](std::size_t a, std::size_t b) {
            return held_[a].item.sequence < held_[b].item.sequence;
        });
    }
    const std::size_t pick = change.pick == Change::kFirstPut ? 0 : change.pick;
    if (own.empty() || pick >= own.size()) return false;
    item = held_[own[pick]].item;
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(own[pick]));
    return true;
}

void Model::to_dead_letters(const Item& item) {
    letters_.push_back({item.thing.number, item.deliveries});
    finish();
}

void Model::return_or_bury(const Item& item) {
    if (shut_ == Shut::at_once) return finish();
    if (item.deliveries >= limits_.max_deliveries) return to_dead_letters(item);
    const auto place = std::find_if(returned_.begin(), returned_.end(), [&](const Item& other) {
        return other.sequence > item.sequence;
    });
    returned_.insert(place, item);
}

bool Model::apply(const Change& change) {
    Item item;
    switch (change.kind) {
        case Change::Kind::put:
            if (shut_ != Shut::no) return false;
            if (limits_.maxsize != 0 && log_.size() >= limits_.maxsize) return false;
            put(change.thing);
            return true;
        case Change::Kind::get: return get(change.holder);
        case Change::Kind::finish:
            if (!release(change, item)) return false;
            finish();
            return true;
        case Change::Kind::give_back:
            if (!release(change, item)) return false;
            return_or_bury(item);
            return true;
        case Change::Kind::reject:
            if (!release(change, item)) return false;
            to_dead_letters(item);
            return true;
        case Change::Kind::shut_down: shut_ = std::max(shut_, Shut::draining); return true;
        case Change::Kind::shut_down_now: shut_ = Shut::at_once; return true;
    }
    return false;
}

std::size_t Model::in_hand(int holder) const {
    return static_cast<std::size_t>(std::count_if(
        held_.begin(), held_.end(), [&](const Held& held) { return held.holder == holder; }));
}

std::vector<int> Model::got_by(int holder) const {
    std::vector<int> numbers;
    for (const auto& [who, number] : got_) {
        if (who == holder) numbers.push_back(number);
    }
    return numbers;
}

void Model::die() {
    for (const Held& held : held_) return_or_bury(held.item);
    held_.clear();
}

std::vector<Delivery> Model::drain() {
    std::vector<Delivery> out;
    constexpr int survivor = -1;  // takes nothing but fresh numbers: got_ shows which
    while (get(survivor)) {
        out.push_back({got_.back().second, 0});
        if (!limits_.joinable) continue;
        out.back().deliveries = held_.back().item.deliveries;
        held_.pop_back();
        finish();
    }
    return out;
}

Recovered Model::after_all_died(Order order) const {
    Model after = *this;
    Recovered wanted;
    wanted.shut = shut_;
    if (order == Order::notice_then_drain) after.die();
    const auto unfinished = [&] { return limits_.joinable ? after.put_ - after.finished_ : 0; };
    wanted.unfinished = unfinished();
    wanted.waiting = after.returned_.size() + after.log_.size();
    for (const Item& item : after.log_) wanted.waiting_bytes += item.thing.bytes;
    wanted.is_full = limits_.maxsize != 0 && after.log_.size() >= limits_.maxsize;
    wanted.first = after.drain();
    if (order == Order::drain_then_notice) {
        after.die();
        wanted.unfinished = unfinished();
        wanted.second = after.drain();
    }
    wanted.letters = after.letters_;
    std::sort(wanted.letters.begin(), wanted.letters.end());
    wanted.put = after.put_;
    wanted.taken = after.taken_;
    wanted.redelivered = after.redelivered_;
    wanted.finished = after.finished_;
    wanted.dead_lettered = after.letters_.size();
    return wanted;
}

}  // namespace procession::instruction
