// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "os/memory_file.h"
#include "os/windows/api.h"

namespace procession::inline v0::detail::os {

/// The name of a stream: 128 random bits. The names of its pipe, and of the section with the state
/// that its holders share, contain it.
class StreamName {
  public:
    /// Throws: std::bad_alloc. Returns: nothing when the system gives no random bytes.
    [[nodiscard]] static std::optional<StreamName> fresh();
    /// The name of the stream of `end`; nothing when that is not an end of a stream. `label` is
    /// used if the system does not know the name of the pipe (is_nameless_pipe).
    [[nodiscard]] static std::optional<StreamName> of(NativeHandle end,
                                                      std::string_view label = {});

    /// The name, and which end it is, for a process to which the end is passed.
    [[nodiscard]] std::string label() const { return digits_ + (is_server_ ? 's' : 'c'); }

    [[nodiscard]] std::wstring pipe() const;
    [[nodiscard]] std::wstring section() const;
    /// Whether it is the end that created the pipe's instance; the other end has connected to it.
    [[nodiscard]] bool is_server() const noexcept { return is_server_; }
    /// The identity of the end, which never changes.
    [[nodiscard]] FileIdentity identity() const noexcept;

  private:
    StreamName(std::string digits, bool is_server)
        : digits_(std::move(digits)), is_server_(is_server) {}

    std::string digits_;  // 32 hexadecimal digits
    bool is_server_;
};

/// Whether the system does not know the name of a pipe. Wine forgets it when the last instance is
/// closed, though client ends may still be open.
[[nodiscard]] bool is_nameless_pipe(NativeHandle handle);

}  // namespace procession::inline v0::detail::os
