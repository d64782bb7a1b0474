# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""Queues between processes that survive the death of any of them.

::

    import multiprocessing, procession

    def work(jobs):
        for job in jobs:              # ends at shutdown
            ...
            jobs.task_done()          # until then it goes back if this process dies

    if __name__ == "__main__":
        jobs = procession.JoinableQueue(100)
        workers = [multiprocessing.Process(target=work, args=(jobs,)) for _ in range(4)]
        ...
        jobs.join()                   # every job is done, whichever workers died
        jobs.shutdown()
"""

from __future__ import annotations

from multiprocessing import util as _util

from . import _errors, _logging, _messagepack, _native, _pickling
from ._errors import (
    ClosedError,
    CorruptSegment,
    DecodeError,
    Empty,
    EncodeError,
    Error,
    Full,
    SharingError,
    ShutDown,
    TypeMismatch,
    VersionMismatch,
)

_native.configure(
    _errors, _pickling.make_pickler, _pickling.loads, _messagepack.to_plain
)

from .lease import Lease  # noqa: E402
from .queues import JoinableQueue, Queue, SimpleQueue  # noqa: E402
from .records import DeadLetter, Death, Participant, Stats  # noqa: E402
from .sharing import Reference, share  # noqa: E402

__version__ = "0.1.0"
__all__ = [
    "ClosedError",
    "CorruptSegment",
    "DeadLetter",
    "Death",
    "DecodeError",
    "Empty",
    "EncodeError",
    "Error",
    "Full",
    "JoinableQueue",
    "Lease",
    "Participant",
    "Queue",
    "Reference",
    "SharingError",
    "ShutDown",
    "SimpleQueue",
    "Stats",
    "TypeMismatch",
    "VersionMismatch",
    "share",
]


class _Leaving:
    """A child of fork or forkserver ends by os._exit(), which looks like a death to the others."""

    def in_child(self) -> None:
        # After everything else that multiprocessing does at the end, temporary folders included.
        _util.Finalize(None, _native.leave_queues, exitpriority=-1000)


_leaving = _Leaving()
_util.register_after_fork(_leaving, _Leaving.in_child)
