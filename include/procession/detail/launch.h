// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "procession/codec.h"
#include "procession/export.h"
#include "procession/process_options.h"
#include "procession/start_method.h"

/// What the templates of Process hand to the library. Not for users.
namespace procession::inline v0::detail::process {

/// A reference to a function that works in every process of the same build: the image that contains
/// it, the build id of that image, and its offset in the image.
struct FunctionRef {
    std::string image;
    std::string build_id;
    std::uint64_t offset = 0;
};

using AnyFunction = void (*)();

/// Throws:  SharingError when no loaded image contains the function.
[[nodiscard]] PROCESSION_EXPORT FunctionRef ref_to(AnyFunction function);
/// Throws:  DecodeError when no such code is loaded in this process.
[[nodiscard]] PROCESSION_EXPORT AnyFunction function_of(const FunctionRef& ref);

/// What a forked child runs, in its copy of the caller's stack.
struct ForkBody {
    void (*run)(void* context);
    void* context;
};

/// What a spawned child runs: decodes its state, calls `rebuilt`, and does the work. Instantiated
/// once per callable and argument types; the child gets a FunctionRef to it.
using SpawnEntry = void (*)(Reader& state, void (*rebuilt)());

struct SpawnBody {
    SpawnEntry entry;
    void (*encode)(Writer& state, const void* context);
    const void* context;
};

class ChildRecord;

/// Throws:  ProcessError when the system refuses another process.
[[nodiscard]] PROCESSION_EXPORT std::shared_ptr<ChildRecord> start_fork(
    const ProcessOptions& options, ForkBody body);
/// Throws:  ProcessError likewise, or when init() was not called; SharingError or EncodeError from
///          the state, in which case nothing was started.
[[nodiscard]] PROCESSION_EXPORT std::shared_ptr<ChildRecord> start_afresh(
    StartMethod method, const ProcessOptions& options, SpawnBody body);

}  // namespace procession::inline v0::detail::process
