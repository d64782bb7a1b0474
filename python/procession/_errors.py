# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""The package's errors. Each class is defined by the advice to its catcher.

procession._native looks its classes up here by the names of procession/error.h.
"""

from __future__ import annotations

import builtins
import multiprocessing
import queue as _queue

Full = _queue.Full
Empty = _queue.Empty
ProcessError = multiprocessing.ProcessError
ValueError = builtins.ValueError
TimeoutError = builtins.TimeoutError
MemoryError = builtins.MemoryError
EOFError = builtins.EOFError


class Error(Exception):
    """The root of the package's own errors."""


class ClosedError(Error, builtins.ValueError):
    """This process has closed the queue: take a fresh handle."""


class SharingError(Error, RuntimeError):
    """The queue cannot cross to another process this way: pass it as the message says."""


class EncodeError(Error, TypeError):
    """The object cannot be turned into bytes: nothing was put; repair the object."""


class DecodeError(Error, builtins.ValueError):
    """The bytes are no object in this process: they are among the dead letters."""


class TypeMismatch(Error, TypeError):
    """It is a queue of another kind, or of other elements: attach as the message says."""


class VersionMismatch(Error):
    """The queue was made by an incompatible build: run the same version in all processes."""


class CorruptSegment(Error, OSError):
    """Shared memory holds bytes that no correct participant writes: make a new queue."""


_ShutDownBase: type[Exception] = getattr(_queue, "ShutDown", Exception)


class ShutDown(Error, _ShutDownBase):  # type: ignore[misc, valid-type]
    """The queue was shut down: stop producing or consuming. A queue.ShutDown from 3.13 on."""
