// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "os/memory_file.h"
#include "os/windows/api.h"

namespace procession::os {

/// The name of a stream: 128 random bits. Its pipe is named after it, and so is the memory in which
/// its holders share what no pipe carries.
class StreamName {
  public:
    /// Throws: std::bad_alloc. Returns: nothing when the system gives no random bytes.
    [[nodiscard]] static std::optional<StreamName> fresh();
    /// Of an end, whichever process holds it; nothing when it is none. The label counts where the
    /// system does not tell the name of the pipe (is_nameless_pipe).
    [[nodiscard]] static std::optional<StreamName> of(NativeHandle end,
                                                      std::string_view label = {});

    /// The name and which end, for a later holder of the end.
    [[nodiscard]] std::string label() const { return digits_ + (is_server_ ? 's' : 'c'); }

    [[nodiscard]] std::wstring pipe() const;
    [[nodiscard]] std::wstring section() const;
    /// Whether it is the end that made the pipe's instance; the other end has connected to it.
    [[nodiscard]] bool is_server() const noexcept { return is_server_; }
    /// The identity of the end, for ever.
    [[nodiscard]] FileIdentity identity() const noexcept;

  private:
    StreamName(std::string digits, bool is_server)
        : digits_(std::move(digits)), is_server_(is_server) {}

    std::string digits_;  // 32 hexadecimal ones
    bool is_server_;
};

/// Wine forgets the name of a pipe with its last instance, though there are ends of it left.
[[nodiscard]] bool is_nameless_pipe(NativeHandle handle);

}  // namespace procession::os
