// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0

// A library that is linked without a build id.

extern "C" [[gnu::visibility("default")]] void procession_nameless() {}
