// Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
#pragma once

// Encoding of values as bytes, and decoding.
//
// Numbers, enums, strings, standard containers, optionals, variants, tuples, times and plain
// structs of these need no code. For other types, specialise procession::Codec (core.h).

#include "procession/codec/associative.h"
#include "procession/codec/chrono.h"
#include "procession/codec/classes.h"
#include "procession/codec/core.h"
#include "procession/codec/format.h"
#include "procession/codec/message.h"
#include "procession/codec/numbers.h"
#include "procession/codec/optional.h"
#include "procession/codec/passable.h"
#include "procession/codec/reader.h"
#include "procession/codec/refusals.h"
#include "procession/codec/scalars.h"
#include "procession/codec/sequences.h"
#include "procession/codec/signature.h"
#include "procession/codec/text.h"
#include "procession/codec/tuple.h"
#include "procession/codec/variant.h"
#include "procession/codec/writer.h"
