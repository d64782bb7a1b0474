// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "os/listening.h"

// Not on Windows yet.

namespace procession::os {

namespace {
std::error_code not_yet() noexcept {
    return std::make_error_code(std::errc::function_not_supported);
}
}  // namespace

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
