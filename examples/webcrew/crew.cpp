// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "crew.h"

#include "request.h"

namespace webcrew {

void Crew::operator()() {
    for (auto call : calls) {  // ends at shutdown
        const bool keeps_open = answer_one_request(call->connection.get());
        // In this order: killed before done(), another worker gets the call, finds no request any
        // more, and says so once again, which does no harm.
        answers.put({call->number, call->turn, keeps_open});
        call.done();
    }
}

}  // namespace webcrew
