// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// Encoding of values as bytes, and decoding.
//
// Numbers, enums, strings, standard containers, optionals, variants, tuples, times and plain
// structs of these need no code. For other types, specialise procession::Codec (core.h).

#include "procession/detail/codec/associative.h"
#include "procession/detail/codec/chrono.h"
#include "procession/detail/codec/classes.h"
#include "procession/detail/codec/core.h"
#include "procession/detail/codec/format.h"
#include "procession/detail/codec/message.h"
#include "procession/detail/codec/numbers.h"
#include "procession/detail/codec/optional.h"
#include "procession/detail/codec/passable.h"
#include "procession/detail/codec/reader.h"
#include "procession/detail/codec/refusals.h"
#include "procession/detail/codec/scalars.h"
#include "procession/detail/codec/sequences.h"
#include "procession/detail/codec/signature.h"
#include "procession/detail/codec/text.h"
#include "procession/detail/codec/tuple.h"
#include "procession/detail/codec/variant.h"
#include "procession/detail/codec/writer.h"
