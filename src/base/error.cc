// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#include "procession/error.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace procession::inline v0 {

namespace {

std::string sentence(std::error_code code, std::string_view operation, std::string_view object,
                     std::string_view message) {
    std::string text(operation);
    if (!object.empty()) {
        text += ' ';
        text += object;
    }
    text += ": ";
    text += message;
    const bool is_system_error = code && code != std::errc::timed_out;
    if (is_system_error) {
        text += " (";
        text += code.message();
        text += ')';
    }
    return text;
}

}  // namespace

Error::Error(std::error_code code, std::string_view operation, std::string_view object,
             std::string_view message)
    : std::system_error(code),
      text_(std::make_shared<const Text>(Text{std::string(operation), std::string(object),
                                              sentence(code, operation, object, message)})) {}

ChildError::ChildError(std::string_view process, std::string_view type, std::string_view message)
    : Error({}, "get", process,
            std::string("its function threw ").append(type).append(": ").append(message)),
      type_(std::make_shared<const std::string>(type)) {}

BufferTooShort::BufferTooShort(std::string_view operation, std::string_view object,
                               std::string_view text, std::vector<std::byte> message)
    : Error({}, operation, object, text),
      message_(std::make_shared<const std::vector<std::byte>>(std::move(message))) {}

}  // namespace procession::inline v0
