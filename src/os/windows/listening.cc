// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/listening.h"

#include "os/windows/not_yet.h"

namespace procession::os {

bool is_numeric_host(std::string_view /*host*/) noexcept { return true; }

std::error_code listen_at(const Address& /*address*/, int /*backlog*/,
                          Handle& /*listening*/) noexcept {
    return not_yet();
}
std::error_code address_of(NativeHandle /*listening*/, Address& /*address*/) { return not_yet(); }
std::error_code accept_at(NativeHandle /*listening*/, Handle& /*channel*/,
                          std::optional<Address>& /*peer*/) {
    return not_yet();
}
std::error_code connect_to(const Address& /*address*/, Deadline /*deadline*/,
                           Handle& /*channel*/) noexcept {
    return not_yet();
}
std::optional<FileIdentity> identity_of_path(const Address& /*address*/) noexcept {
    return std::nullopt;
}
void remove_path(const Address& /*address*/, const FileIdentity& /*made*/) noexcept {}

}  // namespace procession::os
