# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""How objects become bytes: as in multiprocessing, with protocol 5 and buffers out of band."""

from __future__ import annotations

import copyreg
import pickle
from multiprocessing.reduction import ForkingPickler
from typing import Any

from . import _native

PROTOCOL = 5

# Reducers of ForkingPickler and copyreg count here, too, also those registered later.
_dispatch_table = _native.DispatchTable(
    ForkingPickler._extra_reducers,  # type: ignore[attr-defined]
    copyreg.dispatch_table,
)


def make_pickler(sink: _native.Sink) -> pickle.Pickler:
    pickler = pickle.Pickler(sink, PROTOCOL, buffer_callback=sink.add_buffer)
    pickler.dispatch_table = _dispatch_table  # type: ignore[assignment]
    return pickler


loads: Any = pickle.loads
