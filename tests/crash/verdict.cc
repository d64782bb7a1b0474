// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crash/verdict.h"

#include <algorithm>
#include <sstream>

#include "crash/script.h"

namespace procession::testing {

namespace {

/// Everything that is compared, of the real queue or of the model.
struct Account {
    std::vector<Delivery> first;
    std::vector<Delivery> second;
    std::vector<Delivery> letters;
    QueueModel::Counts counts;
    std::uint64_t unfinished = 0;
    std::uint64_t deaths = 0;
};

void sort_letters(std::vector<Delivery>& letters) {
    std::sort(letters.begin(), letters.end(),
              [](const Delivery& a, const Delivery& b) { return a.number < b.number; });
}

Account account_of(const Observed& seen) {
    Account account{seen.first, seen.second, seen.letters, {}, seen.unfinished, seen.stats.deaths};
    sort_letters(account.letters);
    account.counts = {seen.stats.put,      seen.stats.taken,         seen.stats.redelivered,
                      seen.stats.finished, seen.stats.dead_lettered, seen.stats.lost_in_hand};
    return account;
}

// The survivor's part, played on the model.
Account account_of(QueueModel& model, bool noticed_before) {
    Account account;
    if (noticed_before) model.bury_all();
    account.first = model.drain();
    model.bury_all();
    if (model.drops_everything()) model.perform({Verb::join});
    account.second = model.drain();
    account.letters = model.letters();
    sort_letters(account.letters);
    account.counts = model.counts();
    account.deaths = model.deaths();
    return account;
}

bool agree(const Account& seen, const Account& expected) {
    return seen.first == expected.first && seen.second == expected.second &&
           seen.letters == expected.letters && seen.counts == expected.counts &&
           seen.deaths == expected.deaths;
}

void show(std::ostream& to, const char* name, const std::vector<Delivery>& deliveries) {
    to << ' ' << name << " [";
    for (const auto& [number, times] : deliveries) to << ' ' << number << 'x' << times;
    to << " ]";
}

void show(std::ostream& to, const Account& account) {
    show(to, "first", account.first);
    show(to, "then", account.second);
    show(to, "letters", account.letters);
    const auto& counts = account.counts;
    to << " put " << counts.put << " taken " << counts.taken << " redelivered "
       << counts.redelivered << " finished " << counts.finished << " dead-lettered "
       << counts.dead_lettered << " lost " << counts.lost_in_hand << " deaths " << account.deaths
       << '\n';
}

bool was_given(const QueueModel& model, const BlackBox& box) {
    const auto count = static_cast<std::size_t>(box.got_count.load());
    return model.got().size() <= count &&
           std::equal(model.got().begin(), model.got().end(), std::begin(box.got));
}

}  // namespace

void Verdict::add_life(std::vector<QueueModel>& candidates, const Script& script,
                       const BlackBox& box) const {
    std::vector<QueueModel> after;
    const int ended = box.ended.load();
    const bool cut_short = box.begun.load() > ended;
    const auto keep = [&](QueueModel model) {
        model.die();
        after.push_back(std::move(model));
    };
    for (QueueModel model : candidates) {
        model.begin_life();
        std::vector<QueueModel> joining{model};
        // In a full house the newcomer mends what its slot's last owner left, before it is anybody.
        if (scenario_.crowded) joining = model.stages({Verb::notice});
        if (ended == 0) {
            for (const QueueModel& stage : joining) keep(stage);
        }
        if (ended == 0 && !cut_short) continue;
        model = joining.back();
        model.join();
        for (int i = 0; i < ended; ++i) model.perform(script[static_cast<std::size_t>(i)]);
        if (!was_given(model, box)) continue;
        if (box.completed.load()) {
            model.perform({Verb::close});
            after.push_back(std::move(model));
        } else if (cut_short) {
            for (auto& stage : model.stages(script[static_cast<std::size_t>(ended)])) {
                keep(std::move(stage));
            }
        } else {
            keep(std::move(model));
        }
    }
    candidates = std::move(after);
}

std::string Verdict::on(const Observed& seen, std::vector<QueueModel> candidates,
                        bool noticed_before) const {
    const Account account = account_of(seen);
    std::ostringstream text;
    bool size_is_possible = false;
    bool is_explained = seen.unfinished == 0;
    bool is_found = false;
    for (QueueModel& model : candidates) {
        QueueModel at_first = model;
        if (noticed_before) at_first.bury_all();
        const std::size_t waiting =
            at_first.drops_everything() ? seen.waiting_at_first : at_first.waiting();
        size_is_possible = size_is_possible || waiting == seen.waiting_at_first;
        const Account expected = account_of(model, noticed_before);
        if (agree(account, expected)) is_found = true;
        text << "  allowed:";
        show(text, expected);
    }
    is_explained = is_explained && is_found && size_is_possible;
    if (is_explained) return {};
    std::ostringstream answer;
    answer << "seen: waiting " << seen.waiting_at_first << " unfinished " << seen.unfinished;
    show(answer, account);
    answer << text.str();
    return answer.str();
}

}  // namespace procession::testing
