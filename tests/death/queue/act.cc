// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "death/queue/act.h"

namespace procession::death {

std::string text_of(const Act& act) {
    constexpr const char* names[] = {
        "put",
        "put_many",
        "put_loan",
        "drop_loan",
        "put_undecodable",
        "put_beyond_memory",
        "get",
        "get_many",
        "borrow",
        "undeliver",
        "finish",
        "task_done",
        "give_back",
        "reject",
        "take_letters",
        "look",
        "look_at_participants",
        "size",
        "unfinished",
        "join",
        "notice",
        "reclaim",
        "wait_a_little",
        "shut_down",
        "shut_down_now",
        "close",
        "drain",
        "expect_empty",
        "expect_item",
    };
    return std::string(names[static_cast<std::size_t>(act.verb)]) + ' ' +
           std::to_string(act.number);
}

std::string text_of(Said said) {
    constexpr const char* names[] = {"done",      "empty",   "full",
                                     "shut down", "gave up", "undecodable"};
    if (!said.ends_a_call()) return std::to_string(said.value) + "x" + std::to_string(said.code);
    return names[said.code & ~Said::kCallEnds] + (" " + std::to_string(said.value));
}

}  // namespace procession::death
