// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/queue/model.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace procession::death {

using Change = QueueModel::Change;

const char* name_of(Change change) {
    constexpr const char* names[] = {
        "join_in",     "put",        "put",           "get",        "get",       "get",
        "letter",      "count_down", "give_back",     "finish",     "give_back", "reject",
        "take_letter", "look",       "size",          "unfinished", "join",      "give_back",
        "give_back",   "shut_down",  "shut_down_now", "drop",       "finish",    "leave",
    };
    return names[static_cast<std::size_t>(change)];
}

int QueueModel::add_actor() {
    actors_.emplace_back().life = lives_.size();
    lives_.emplace_back();
    return static_cast<int>(actors_.size()) - 1;
}

int QueueModel::add_thread_of(int actor) {
    const std::size_t life = at(actor).life;
    ++lives_[life].threads;
    actors_.emplace_back().life = life;
    return static_cast<int>(actors_.size()) - 1;
}

// What a plain queue's call has taken is not lost from here on; a death may come before that.
void QueueModel::end_call(Actor& self, Ending ending, int value) {
    self.pending.clear();
    if (self.in_flight == 0) {
        ++self.calls_ended;
        self.said.push_back(ends(ending, value));
        return;
    }
    self.pending.push_back({Change::look, value, static_cast<int>(ending)});
}

// ---- what a call consists of -------------------------------------------------------------------

void QueueModel::add_puts(Actor& self, const Act& act) {
    const auto change = act.verb == Verb::put_undecodable ? Change::put_undecodable : Change::put;
    const bool is_run = act.verb == Verb::put_many;
    for (int i = 0; i < act.count; ++i) {
        self.pending.push_back({change, act.number + i, 0, act.bytes_of(i), is_run, act.patience});
    }
}

void QueueModel::add_rest(Actor& self, const Act& act) {
    const auto add = [&](Change change) {
        self.pending.push_back({change, act.number, act.pick, 0, false, act.patience});
    };
    switch (act.verb) {
        case Verb::get:
        case Verb::borrow: add(Change::get); break;
        case Verb::get_many:
            for (int i = 0; i < act.count; ++i) {
                add(i == 0 ? Change::get : Change::get_more);
                self.pending.back().is_in_run = true;
            }
            break;
        case Verb::undeliver: add(Change::get_again); break;
        case Verb::finish:
        case Verb::task_done: add(Change::finish); break;
        case Verb::give_back: add(Change::give_back); break;
        case Verb::reject: add(Change::reject); break;
        case Verb::take_letters: add(Change::take_letter); break;
        case Verb::size: add(Change::size); break;
        case Verb::unfinished: add(Change::unfinished); break;
        case Verb::join: add(Change::join); break;
        case Verb::wait_a_little:
        case Verb::notice: add(Change::reclaim); break;
        case Verb::reclaim: add(Change::reclaim_one); break;
        case Verb::shut_down: add(Change::shut_down); break;
        case Verb::shut_down_now: add(Change::shut_down_now); break;
        case Verb::close: add(Change::leave); break;
        default: self.pending.push_back({Change::look}); break;
    }
}

void QueueModel::begin(int actor, const Act& act) {
    Actor& self = at(actor);
    switch (act.verb) {
        case Verb::put:
        case Verb::put_many:
        case Verb::put_loan:
        case Verb::put_undecodable: add_puts(self, act); break;
        default: add_rest(self, act); break;
    }
    if (!life_of(actor).joined && act.verb != Verb::reclaim) {
        self.pending.insert(self.pending.begin(), {Change::join_in});
        if (limits_.crowded) self.pending.insert(self.pending.begin(), {Change::reclaim});
    }
    std::reverse(self.pending.begin(), self.pending.end());
}

// ---- the changes -------------------------------------------------------------------------------

std::vector<QueueModel> QueueModel::next(int actor) const {
    Models all;
    if (is_idle(actor) || life_of(actor).dead) return all;
    QueueModel after = *this;
    const Step step = after.at(actor).pending.back();
    after.at(actor).pending.pop_back();
    if (after.apply(actor, step, all)) all.push_back(std::move(after));
    return all;
}

bool QueueModel::apply(int actor, const Step& step, Models& others) {
    Actor& self = at(actor);
    const std::size_t said = self.calls_ended;
    switch (step.change) {
        case Change::join_in: lives_[self.life].joined = true; return true;
        case Change::put:
        case Change::put_undecodable:
            if (!apply_put(self, step)) return false;
            break;
        case Change::get:
        case Change::get_more:
        case Change::get_again:
            if (!apply_get(self, step, others)) return false;
            break;
        case Change::letter:
        case Change::count_down:
        case Change::come_back:
        case Change::finish:
        case Change::give_back:
        case Change::reject: apply_to_held(self, step); break;
        case Change::take_letter:
            if (!letters_.empty()) return take_some_letter(actor, step, others), false;
            break;
        case Change::look:
        case Change::size:
        case Change::unfinished:
        case Change::join: return apply_question(self, step);
        case Change::reclaim:
        case Change::reclaim_one: apply_notice(self, step); break;
        case Change::shut_down:
        case Change::shut_down_now: apply_shut_down(self, step); break;
        case Change::drop:
        case Change::drop_held: apply_drop(self, step); break;
        case Change::leave: apply_leave(self, step); break;
    }
    if (self.pending.empty() && self.calls_ended == said) end_call(self, Ending::done);
    return true;
}

// In which order they are taken is the pool's affair.
void QueueModel::take_some_letter(int actor, const Step& step, Models& others) const {
    for (std::size_t i = 0; i < letters_.size(); ++i) {
        others.push_back(*this);
        auto& left = others.back().letters_;
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(i));
        others.back().at(actor).pending.push_back(step);
    }
}

// What ends its call by an answer. False: it waits.
bool QueueModel::apply_question(Actor& self, const Step& step) {
    switch (step.change) {
        case Change::size: end_call(self, Ending::done, static_cast<int>(waiting())); return true;
        case Change::unfinished:
            end_call(self, Ending::done, static_cast<int>(put_ - finished_));
            return true;
        case Change::join:
            if (!limits_.joinable) return end_call(self, Ending::done), true;
            if (shut_ == Shut::at_once && waiting() != 0) {
                self.pending.push_back(step);
                apply_drop(self, {Change::drop});
                return true;
            }
            if (put_ != finished_ && step.patience == Patience::any) return false;
            end_call(self, put_ == finished_ ? Ending::done : Ending::empty);
            return true;
        default:
            self.in_flight = 0;
            end_call(self, static_cast<Ending>(step.pick), step.number);
            return true;
    }
}

// Items that wait again wait outside of the limits.
bool QueueModel::has_room(std::uint64_t bytes) const {
    if (limits_.maxsize != 0 && log_.size() >= limits_.maxsize) return false;
    for (const Item& item : log_) bytes += item.bytes;
    return limits_.max_bytes == 0 || bytes <= limits_.max_bytes;
}

bool QueueModel::apply_put(Actor& self, const Step& step) {
    if (shut_ != Shut::no) return end_call(self, Ending::shut_down), true;
    if (!has_room(step.bytes)) {
        if (step.patience == Patience::any) return false;
        return end_call(self, Ending::full), true;
    }
    log_.push_back({put_, step.number, 0, step.bytes, step.change == Change::put_undecodable});
    ++put_;
    self.trail.push_back({Change::put, step.is_in_run});
    return true;
}

bool QueueModel::pop(Item& item) {
    auto& from = returned_.empty() ? log_ : returned_;
    if (from.empty()) return false;
    ++(returned_.empty() ? taken_ : redelivered_);
    item = from.front();
    from.erase(from.begin());
    ++item.deliveries;
    return true;
}

bool QueueModel::apply_get(Actor& self, const Step& step, Models& others) {
    if (step.patience == Patience::a_little) {
        others.push_back(*this);
        auto& other = others.back();
        other.end_call(other.actors_[static_cast<std::size_t>(&self - actors_.data())],
                       Ending::gave_up);
    }
    const auto& held = lives_[self.life].held;
    // An item that waits again comes alone.
    const bool is_over = step.change == Change::get_more &&
                         (!returned_.empty() || (!held.empty() && held.back().deliveries > 1));
    if (is_over) return end_call(self, Ending::done), true;
    Item item;
    if (shut_ == Shut::at_once || !pop(item)) {
        if (step.change == Change::get_more) return end_call(self, Ending::done), true;
        if (shut_ != Shut::no) return end_call(self, Ending::shut_down), true;
        if (step.patience != Patience::none) return false;
        return end_call(self, Ending::empty), true;
    }
    self.trail.push_back({Change::get, step.is_in_run});
    if (limits_.joinable) {
        lives_[self.life].held.push_back(item);
    } else {
        ++self.in_flight;
    }
    if (step.change == Change::get_again) {
        self.pending.push_back({Change::come_back});
        self.pending.push_back({Change::count_down});
    } else if (item.undecodable) {
        self.pending.push_back({Change::letter, item.number});
        if (!limits_.joinable) lives_[self.life].held.push_back(item);
    } else {
        self.said.push_back(item_said(item.number, limits_.joinable ? item.deliveries : 1));
    }
    return true;
}

void QueueModel::apply_to_held(Actor& self, const Step& step) {
    auto& held = lives_[self.life].held;
    if (held.empty()) return;
    const auto change = step.change;
    const bool is_own =
        change != Change::letter && change != Change::come_back && change != Change::count_down;
    const std::size_t pick =
        !is_own || step.pick < 0 ? held.size() - 1 : static_cast<std::size_t>(step.pick);
    if (change == Change::count_down) {
        --held.back().deliveries;
        return;
    }
    const Item item = held.at(pick);
    held.erase(held.begin() + static_cast<std::ptrdiff_t>(pick));
    self.trail.push_back({change});
    switch (change) {
        case Change::letter:
            write_letter(item);
            self.in_flight = 0;
            end_call(self, Ending::undecodable);
            break;
        case Change::finish: ++finished_; break;
        case Change::reject: write_letter(item); break;
        default: come_back(item); break;
    }
}

void QueueModel::write_letter(const Item& item) {
    letters_.push_back({item.number, item.deliveries});
    ++dead_lettered_;
    if (limits_.joinable) ++finished_;
}

// An item whose holder gave it back or died.
void QueueModel::come_back(Item item) {
    if (shut_ == Shut::at_once) {
        ++finished_;
    } else if (item.deliveries >= limits_.max_deliveries) {
        write_letter(item);
    } else {
        const auto behind =
            std::find_if(returned_.begin(), returned_.end(),
                         [&](const Item& other) { return other.place > item.place; });
        returned_.insert(behind, item);
    }
}

// Of a dead one. One item at the end of its deliveries becomes a letter; the others get one more.
void QueueModel::take_over_oldest(Life& life) {
    const auto oldest = std::ranges::min_element(life.held, {}, &Item::place);
    Item item = *oldest;
    life.held.erase(oldest);
    const bool is_last = limits_.max_deliveries > 1 && item.deliveries >= limits_.max_deliveries;
    if (is_last && life.one_is_letter) item.deliveries = limits_.max_deliveries - 1;
    life.one_is_letter = life.one_is_letter || is_last;
    come_back(item);
}

void QueueModel::apply_notice(Actor& self, const Step& step) {
    if (step.change == Change::reclaim_one) {
        const std::size_t life = at(step.number).life;
        if (!lives_[life].dead) die(step.number);
        if (!lives_[life].reclaimed) apply_reclaim(self, life, step);
        return;
    }
    const auto dead = std::find_if(lives_.begin(), lives_.end(),
                                   [](const Life& life) { return life.dead && !life.reclaimed; });
    if (dead == lives_.end()) return;
    apply_reclaim(self, static_cast<std::size_t>(dead - lives_.begin()), step);
}

void QueueModel::apply_shut_down(Actor& self, const Step& step) {
    const bool at_once = step.change == Change::shut_down_now;
    shut_ = std::max(shut_, at_once ? Shut::at_once : Shut::draining);
    self.trail.push_back({step.change});
    if (at_once) self.pending.push_back({Change::drop});
}

// The dead are reclaimed one by one; the items of each come back one by one, the oldest first.
void QueueModel::apply_reclaim(Actor& self, std::size_t index, const Step& again) {
    Life& life = lives_[index];
    self.pending.push_back(again);
    if (!life.held.empty()) {
        take_over_oldest(life);
        self.trail.push_back({Change::give_back});
        return;
    }
    life.reclaimed = true;
    if (life.joined && !life.left) ++deaths_;
}

// An immediate shutdown takes and drops what is left, one by one.
void QueueModel::apply_drop(Actor& self, const Step& step) {
    self.in_flight = 0;
    if (step.change == Change::drop_held) {
        lives_[self.life].held.pop_back();
        ++finished_;
        self.trail.push_back({Change::drop_held});
        return;
    }
    Item item;
    if (!pop(item)) return;
    self.trail.push_back({Change::drop});
    self.pending.push_back({Change::drop});
    if (limits_.joinable) {
        lives_[self.life].held.push_back(item);
        self.pending.push_back({Change::drop_held});
    } else {
        self.in_flight = 1;
    }
}

// What is in hand goes back first, in the order of the puts.
void QueueModel::apply_leave(Actor& self, const Step& step) {
    Life& life = lives_[self.life];
    if (life.held.empty()) {
        life.left = true;
        return;
    }
    const auto first = std::ranges::min_element(life.held, {}, &Item::place);
    const Item item = *first;
    life.held.erase(first);
    come_back(item);
    self.trail.push_back({Change::give_back});
    self.pending.push_back(step);
}

// ---- deaths, and what survivors find -----------------------------------------------------------

void QueueModel::die(int actor) {
    Life& life = life_of(actor);
    life.dead = true;
    for (Actor& thread : actors_) {
        if (&lives_[thread.life] != &life) continue;
        lost_at_most_ += thread.in_flight;
        thread.in_flight = 0;
        thread.pending.clear();
    }
    if (!limits_.joinable) life.held.clear();
}

void QueueModel::die_all() {
    for (std::size_t actor = 0; actor < actors_.size(); ++actor) {
        const Life& life = lives_[actors_[actor].life];
        if (!life.left && !life.dead) die(static_cast<int>(actor));
    }
}

void QueueModel::reclaim_all() {
    for (std::size_t i = 0; i < lives_.size(); ++i) {
        Actor no_actor;
        while (lives_[i].dead && !lives_[i].reclaimed)
            apply_reclaim(no_actor, i, {Change::reclaim});
    }
}

void QueueModel::perform(int actor, const Act& act) {
    begin(actor, act);
    while (!is_idle(actor)) {
        auto after = next(actor);
        if (after.empty()) throw std::logic_error("a script that nothing interrupts would wait");
        *this = std::move(after.back());
    }
}

std::vector<Delivery> QueueModel::drain() {
    std::vector<Delivery> seen;
    Item item;
    while (shut_ != Shut::at_once && pop(item)) {
        if (item.undecodable) {
            write_letter(item);
        } else {
            seen.push_back({item.number, limits_.joinable ? item.deliveries : 1});
            if (limits_.joinable) ++finished_;
        }
    }
    return seen;
}

Finding QueueModel::found_by_survivors(Order order) const {
    QueueModel after = *this;
    Finding found;
    found.shut = shut_;
    if (order == Order::notice_then_drain) after.reclaim_all();
    const auto unfinished = [&] { return limits_.joinable ? after.put_ - after.finished_ : 0; };
    found.unfinished = unfinished();
    found.waiting = after.waiting();
    for (const Item& item : after.log_) found.waiting_bytes += item.bytes;
    found.is_full = !after.has_room(1);
    found.first = after.drain();
    if (order == Order::drain_then_notice) {
        after.reclaim_all();
        found.unfinished = unfinished();
    }
    if (shut_ == Shut::at_once && limits_.joinable) {
        // join() drops what is left.
        const int joiner = after.add_actor();
        after.perform(joiner, {Verb::join});
    }
    found.second = after.drain();
    found.letters = after.letters_;
    std::sort(found.letters.begin(), found.letters.end());
    found.put = after.put_;
    found.taken = after.taken_;
    found.redelivered = after.redelivered_;
    found.finished = after.finished_;
    found.dead_lettered = after.dead_lettered_;
    found.lost_at_most = after.lost_at_most_;
    found.deaths = after.deaths_;
    return found;
}

}  // namespace procession::death
