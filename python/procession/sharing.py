# Copyright 2026 The Procession Authors. SPDX-License-Identifier: Apache-2.0
"""A queue for any pickler, while a reference to it is held."""

from __future__ import annotations

import copyreg
from collections.abc import AsyncIterator, Iterator
from typing import Any, Generic, Self, TypeVar

from ._errors import SharingError
from .queues import Queue

T = TypeVar("T")


def _new(kind: Any, *arguments: Any) -> Any:
    return kind.__new__(kind, *arguments)


class Reference(Generic[T]):
    """A queue in the form that any pickler may have: share() makes it.

    ::

        with procession.share(jobs) as reference:
            results = executor.map(work, [reference] * 8)     # work(jobs) gets the queue

    Unpickled by a process of the same user it is the queue, whichever pickler it went through
    (pickle, cloudpickle, dill; loky, joblib, billiard) and however long that took: until close(), the
    end of the block, or the reference's own end. Until then the queue may be pickled itself, too,
    alone or in other objects. A process that has it by then keeps it.

    In this process it has the queue's methods, for executors that pickle nothing (threads).

    Threads: any. Processes: a fork child's copy is its own, as a queue is.
    """

    def __init__(self, queue: Queue[T]) -> None:
        self._queue: Queue[T] | None = None
        queue._reference()  # a queue that cannot be shared is refused here
        queue._shares += 1
        self._queue = queue

    @property
    def queue(self) -> Queue[T]:
        """The queue. SharingError after close()."""
        if self._queue is None:
            raise SharingError("share: this reference was closed: share() the queue once more")
        return self._queue

    def close(self) -> None:
        """Pickles of this lead to the queue only as long as something else keeps the queue."""
        queue, self._queue = self._queue, None
        if queue is not None:
            queue._shares -= 1

    def __del__(self) -> None:
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.close()

    def __reduce_ex__(self, protocol: Any) -> Any:
        make, arguments, *rest = self.queue.__reduce_ex__(protocol)
        # Picklers want copyreg's own function only for objects of the class that it is to make.
        newobj = copyreg.__newobj__  # type: ignore[attr-defined]
        return (_new if make is newobj else make, arguments, *rest)

    def __iter__(self) -> Iterator[T]:
        return iter(self.queue)

    def __aiter__(self) -> AsyncIterator[T]:
        return self.queue.__aiter__()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.queue, name)

    def __repr__(self) -> str:
        return f"<Reference to {self._queue!r}>" if self._queue is not None else "<Reference, closed>"


def share(queue: Queue[T]) -> Reference[T]:
    """Lets any pickler have the queue until the reference that this returns is closed or dropped.

    Raises SharingError when no broker can be had, ClosedError.
    """
    return Reference(queue)
