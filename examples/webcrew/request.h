// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

namespace webcrew {

/// Answers the request that waits on this connection with the number of this process. The request
/// is taken off the connection only when the answer is on its way: a worker killed before that
/// leaves it to the next one.
///
/// Returns:  whether the connection stays open. True as well when there is no request: another
///           worker has answered it, and was killed before it could say so.
[[nodiscard]] bool answer_one_request(int connection);

}  // namespace webcrew
