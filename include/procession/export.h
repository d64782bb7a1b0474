// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// PROCESSION_EXPORT: what a program needs of the shared library. Everything else is hidden, and may
// change. PROCESSION_SHARED is defined for the shared library, and for all that link it by its
// CMake package or by pkg-config.

#if !defined(PROCESSION_SHARED)
#define PROCESSION_EXPORT
#elif !defined(_WIN32)
#define PROCESSION_EXPORT __attribute__((visibility("default")))
#elif defined(PROCESSION_BUILDING)
#define PROCESSION_EXPORT __declspec(dllexport)
#else
#define PROCESSION_EXPORT __declspec(dllimport)
#endif
