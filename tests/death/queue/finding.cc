// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/queue/finding.h"

namespace procession::death {

namespace {

std::string show(const std::vector<Delivery>& deliveries) {
    std::string text = "[";
    for (const Delivery& each : deliveries) {
        text += ' ' + std::to_string(each.number) + "x" + std::to_string(each.deliveries);
    }
    return text + " ]";
}
std::string show(std::uint64_t number) { return std::to_string(number); }

}  // namespace

std::string text_of(const Finding& found) {
    std::string text = found.problem.value_or("");
    for (const auto* each : {&found.first, &found.second, &found.letters}) text += show(*each);
    for (const std::uint64_t number :
         {std::uint64_t{static_cast<std::uint8_t>(found.shut)}, found.waiting, found.waiting_bytes,
          std::uint64_t{found.is_full}, found.unfinished, found.put, found.taken, found.redelivered,
          found.finished, found.dead_lettered, found.lost_in_hand, found.deaths}) {
        text += ' ' + show(number);
    }
    return text;
}

std::string difference(const Finding& wanted, const Finding& found) {
    if (found.problem) return *found.problem;
    std::string text;
    const auto compare = [&](const char* what, const auto& want, const auto& have) {
        if (want == have || !text.empty()) return;
        text = std::string(what) + " is " + show(have) + ", not " + show(want);
    };
    compare("being shut", wanted.shut != Shut::no, found.shut != Shut::no);
    compare("put", wanted.put, found.put);
    compare("what came out", wanted.first, found.first);
    compare("what came out after notice_deaths()", wanted.second, found.second);
    compare("the dead letters", wanted.letters, found.letters);
    compare("dead_lettered", wanted.dead_lettered, found.dead_lettered);
    compare("taken", wanted.taken, found.taken);
    compare("redelivered", wanted.redelivered, found.redelivered);
    compare("finished", wanted.finished, found.finished);
    compare("deaths", wanted.deaths, found.deaths);
    if (found.lost_in_hand > wanted.lost_at_most) {
        compare("lost_in_hand", wanted.lost_at_most, found.lost_in_hand);
    }
    // What waits of a queue that is shut at once is being dropped.
    if (wanted.shut == Shut::at_once) return text;
    compare("qsize()", wanted.waiting, found.waiting);
    compare("queued_bytes", wanted.waiting_bytes, found.waiting_bytes);
    compare("full()", wanted.is_full, found.is_full);
    compare("unfinished()", wanted.unfinished, found.unfinished);
    return text;
}

}  // namespace procession::death
